import { describe, expect, it } from 'vitest';
import { headerOf } from '../src/scan.ts';
import { files } from '../src/workspace.ts';

const LIMIT = 800;
const NEEDS_A_REASON = 500;

const written = files(
  '.',
  (path) => /\.(?:m?ts|m?js|sh|css|html|go|c|py)$|\/run$/.test(path) && !/\/(?:vectors|api)\//.test(path),
).map(({ path, text }) => ({ path, text, lines: text.split('\n').length - 1 }));

describe('file sizes', () => {
  it(`no source, test or script is longer than ${LIMIT} lines`, () => {
    expect(written.filter(({ lines }) => lines > LIMIT).map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });

  it(`what is longer than ${NEEDS_A_REASON} lines says "Long because ..." in the comment on top`, () => {
    const silent = written.filter(
      ({ lines, text }) => lines > NEEDS_A_REASON && !/\bLong because\b/.test(headerOf(text)),
    );
    expect(silent.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });

  it('half of all sources are shorter than 200 lines', () => {
    const lengths = written.filter(({ path }) => /^packages\/[^/]+\/src\//.test(path)).map(({ lines }) => lines);
    lengths.sort((a, b) => a - b);
    expect(lengths[lengths.length >> 1]).toBeLessThan(200);
  });
});
