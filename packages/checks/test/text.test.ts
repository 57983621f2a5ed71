import { describe, expect, it } from 'vitest';
import { codeOnly, withoutComments } from '../src/scan.ts';
import { files } from '../src/workspace.ts';

const OWN = 'packages/checks/test/text.test.ts';
// What is under kernels/ is AssemblyScript, whose decorators TypeScript does not know.
const code = files(
  '.',
  (path) => /\.(?:m?ts|m?js)$/.test(path) && path !== OWN && !/\/(?:vectors|kernels)\//.test(path),
);
const prose = files(
  '.',
  (path) =>
    /\.(?:m?ts|m?js|json|md|ya?ml|sh|html|css)$|\/run$/.test(path) && path !== OWN && !path.includes('/vectors/'),
);

function hits(where: typeof code, pattern: RegExp, of: (text: string) => string = (text) => text): string[] {
  return where.flatMap(({ path, text }) =>
    of(text)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 100)}`] : [])),
  );
}

describe('what must not stand in the repository', () => {
  it('no notes to self: what is missing is an issue, not a comment', () => {
    expect(hits(prose, /\b(?:TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  it('no skipped, focused or empty tests', () => {
    expect(hits(code, /(?<![.\w])(?:it|test|describe|suite)\.(?:skip|only|todo|fails)\b/, codeOnly)).toEqual([]);
    expect(hits(code, /(?<![.\w])x(?:it|test|describe)\s*\(/, codeOnly)).toEqual([]);
  });

  it('no any, and nothing that silences the compiler', () => {
    expect(hits(code, /(?::|<|\bas|\|)\s*any\b(?!\s*:)/, codeOnly)).toEqual([]);
    expect(hits(code, /@ts-(?:ignore|expect-error|nocheck)/)).toEqual([]);
  });

  it('no enums, namespaces, parameter properties: the source runs as it is', () => {
    expect(hits(code, /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?(?:enum|namespace)\s+\w+\s*\{/, codeOnly)).toEqual(
      [],
    );
    expect(hits(code, /constructor\((?:[^)]*,)?\s*(?:private|public|protected|readonly)\s/, codeOnly)).toEqual([]);
  });

  it('no path of a machine, and no registry', () => {
    expect(hits(prose, /(?<![\w.$}/-])\/(?:work|home|root|Users)\/\w/)).toEqual([]);
    expect(hits(prose, /(?<![\w.$}/-])\/tmp\/kaon\b/)).toEqual([]);
    expect(hits(prose, /https?:\/\/[\w.-]*(?:registry|artifactory|nexus|verdaccio)[\w.-]*[:/]/)).toEqual([]);
  });

  it('no real sleeps in tests', () => {
    const tests = code.filter(({ path }) => /\/test\//.test(path));
    expect(
      hits(tests, /new Promise\(\s*\(?(\w+)\)?\s*=>\s*setTimeout\(\s*\1\s*,\s*[1-9]\d\d/, withoutComments),
    ).toEqual([]);
  });
});
