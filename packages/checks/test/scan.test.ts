import { describe, expect, it } from 'vitest';
import { codeOnly, exportsOf, headerOf, importsOf, withoutComments } from '../src/scan.ts';

describe('codeOnly', () => {
  it('blanks comments, strings and regular expressions, and keeps lines and the code in templates', () => {
    expect(codeOnly("a('x y') // note")).toBe("a('   ')        ");
    expect(codeOnly('/* a\nb */ c')).toBe('    \n     c');
    expect(codeOnly('x(/Date[/]now/g)')).toBe('x(             )');
    expect(codeOnly('a / b / c')).toBe('a / b / c');
    expect(codeOnly(`\`x ${'$'}{Date.now()} y\``)).toBe(`\`  ${'$'}{Date.now()}  \``);
    expect(codeOnly("'it\\'s' + b")).toBe("'     ' + b");
  });
});

describe('withoutComments', () => {
  it('keeps strings that look like comments', () => {
    expect(withoutComments("'https://x' // y")).toBe("'https://x'     ");
  });
});

describe('importsOf', () => {
  it('finds every form', () => {
    const text = [
      "import type { A } from 'a';",
      "import { type B, C as D } from 'b';",
      "import { type E } from 'e';",
      "import * as F from 'f';",
      "import 'g';",
      "export { H } from 'h';",
      "export * from 'i';",
      "const j = await import('j');",
      "// import { K } from 'k';",
      "import {\n  type L,\n  M,\n} from 'l';",
    ].join('\n');
    expect(importsOf(text).map(({ specifier }) => specifier)).toEqual(['a', 'b', 'e', 'f', 'h', 'i', 'l', 'g', 'j']);
    expect(importsOf(text).map(({ typeOnly }) => typeOnly)).toEqual([
      true,
      false,
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(importsOf(text)[1]!.names).toEqual(['B', 'D']);
  });
});

describe('exportsOf', () => {
  it('follows re-exports to declarations and their comments', () => {
    const found = exportsOf('packages/wire/src/index.ts');
    const reader = found.find(({ name }) => name === 'Reader');
    expect(reader?.path).toBe('packages/wire/src/reader.ts');
    expect(reader?.doc).toMatch(/^\/\*\*[\s\S]*without ever throwing[\s\S]*\*\/$/);
    expect(found.map(({ name }) => name)).toContain('MALFORMED');
  });
});

describe('headerOf', () => {
  it('is the comment on top', () => {
    expect(headerOf('/** one\n two */\ncode')).toBe('/** one\n two */');
    expect(headerOf('#!/bin/sh\n# Long because\ncode')).toContain('Long because');
    expect(headerOf("import 'x';\n/** later */")).toBe('');
  });
});
