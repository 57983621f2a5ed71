/**
 * Compiles the AssemblyScript kernels of this folder into modules that hold them as base64, so that a package or a bundle
 * needs no file next to it. Run by `pnpm --filter @kaon/runtime build:kernels`; a test checks that what is checked in is
 * what this makes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

/** The kernels by name. */
export const KERNELS: readonly string[] = ['gcm', 'chacha', 'counter'];

/** Where the module of a kernel is checked in. */
export function modulePath(name: string): URL {
  return new URL(`../src/node/kernels/${name}.wasm.ts`, import.meta.url);
}

/** The text of a kernel's module. Throws what the compiler has to say when it does not compile. */
export async function compileKernel(name: string): Promise<string> {
  const source = readFileSync(new URL(`./${name}.ts`, import.meta.url), 'utf8');
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      `${name}.ts`,
      '-O3',
      '--converge',
      '--noAssert',
      '--enable',
      'simd',
      '--runtime',
      'stub',
      '--importMemory',
      '--use',
      'abort=',
      '--outFile',
      `${name}.wasm`,
    ],
    {
      readFile: (file) => (file === `${name}.ts` ? source : null),
      writeFile: (_file, contents) => {
        if (contents instanceof Uint8Array) wasm = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || wasm === undefined) throw new Error(`${name}.ts does not compile:\n${stderr.toString()}`);
  const text = Buffer.from(wasm).toString('base64');
  return [
    `// Made from kernels/${name}.ts by "pnpm --filter @kaon/runtime build:kernels". Not to be edited.`,
    `/** ${wasm.length} bytes of WebAssembly in base64. */`,
    `export const ${name}Wasm: string =\n  '${text}';`,
    '',
  ].join('\n');
}

if (import.meta.main ?? process.argv[1]?.endsWith('/kernels/build.ts')) {
  for (const name of KERNELS) writeFileSync(modulePath(name), await compileKernel(name));
}
