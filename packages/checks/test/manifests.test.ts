import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publishedPackages, ROOT } from '../src/workspace.ts';

const changesets = readdirSync(join(ROOT, '.changeset'))
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .map((name) => readFileSync(join(ROOT, '.changeset', name), 'utf8'));

describe.each(publishedPackages())('$name: package.json', ({ short, name, folder, manifest }) => {
  it('is an ESM package under the MIT licence, with a description', () => {
    expect(name).toBe(`@kaon/${short}`);
    expect(manifest.type).toBe('module');
    expect(manifest.license).toBe('MIT');
    expect(manifest.description?.length).toBeGreaterThan(20);
  });

  it('says where it comes from, what it runs on and how it is published', () => {
    expect(manifest.repository).toEqual({
      type: 'git',
      url: expect.stringMatching(/^git\+https:\/\/.+\.git$/),
      directory: `packages/${short}`,
    });
    expect(manifest.engines).toEqual({ node: '>=22.12' });
    expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true });
    // What does I/O has compiler settings of its own.
    expect(manifest.scripts?.['build']).toBe(short === 'turn' ? 'tsc -b . src/node' : 'tsc -b');
  });

  it('ships what is built and its sources, so that maps lead somewhere', () => {
    // What the compiler remembers is of no use to others.
    expect(manifest.files).toEqual(['dist', 'src', '!dist/**/.tsbuildinfo']);
  });

  it('has no side effects on import, except where it says so', () => {
    if (short === 'webrtc') expect(manifest.sideEffects).toEqual(['./dist/polyfill.js', './src/polyfill.ts']);
    else expect(manifest.sideEffects).toBe(false);
  });

  it('exports source, types and default of each entry, and nothing by wildcard', () => {
    const { './package.json': own, ...rest } = manifest.exports ?? {};
    expect(own).toBe('./package.json');
    expect(Object.keys(rest).length).toBeGreaterThan(0);
    for (const [subpath, target] of Object.entries(rest)) {
      expect(subpath).not.toContain('*');
      const source = (target as Record<string, string>)['@kaon/source']!;
      const built = source.replace('./src/', './dist/').replace(/\.ts$/, '');
      expect(target).toEqual({ '@kaon/source': source, types: `${built}.d.ts`, default: `${built}.js` });
      expect(Object.keys(target)).toEqual(['@kaon/source', 'types', 'default']);
      expect(existsSync(join(folder, source)), source).toBe(true);
    }
    expect('.' in rest).toBe(short !== 'interface');
  });

  it('has a README with its name on top and an example', () => {
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(readme.split('\n')[0]).toContain(name);
    expect(readme).toMatch(/^```[tj]s$/m);
  });

  it('has been released, or has a changeset', () => {
    const isReleased = existsSync(join(folder, 'CHANGELOG.md'));
    expect(isReleased || changesets.some((text) => new RegExp(`^['"]${name}['"]:`, 'm').test(text))).toBe(true);
  });
});
