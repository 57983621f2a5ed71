import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALLOWED, ONLY_FROM, packageOf, shortName } from '../src/layers.ts';
import { codeOnly, importsOf } from '../src/scan.ts';
import { allPackages, files, publishedPackages, sources } from '../src/workspace.ts';

const published = publishedPackages();

describe('dependency direction', () => {
  it('every published package is in the table', () => {
    expect(published.map(({ short }) => short).sort()).toEqual(Object.keys(ALLOWED).sort());
  });

  describe.each(published)('$name', (each) => {
    const { short, manifest, name } = each;
    const allowed = ALLOWED[short] ?? [];
    const imported = sources(each, 'src').flatMap(({ path, text }) =>
      importsOf(text).map((one) => ({ path, ...one, of: packageOf(one.specifier) })),
    );

    it('depends on nothing that is not allowed', () => {
      expect(
        Object.keys(manifest.dependencies ?? {})
          .map(shortName)
          .filter((dependency) => !allowed.includes(dependency)),
      ).toEqual([]);
    });

    it('imports nothing that is not allowed', () => {
      const wrong = imported.filter(({ of }) => of !== undefined && !allowed.includes(shortName(of)));
      expect(wrong.map(({ path, specifier }) => `${path}: ${specifier}`)).toEqual([]);
    });

    it('declares what it imports, and imports what it declares', () => {
      const used = new Set(imported.flatMap(({ of }) => of ?? []));
      expect(Object.keys(manifest.dependencies ?? {}).sort()).toEqual([...used].sort());
    });

    it('imports packages that belong to one folder only there', () => {
      const wrong = imported.filter(
        ({ path, of }) => of !== undefined && of in ONLY_FROM && !path.startsWith(ONLY_FROM[of]!),
      );
      expect(wrong.map(({ path, specifier }) => `${path}: ${specifier}`)).toEqual([]);
    });

    it('takes siblings of the workspace in a range that can be published', () => {
      for (const [dependency, range] of Object.entries(manifest.dependencies ?? {})) {
        expect(`${dependency} ${range.startsWith('workspace:')}`).toBe(
          `${dependency} ${dependency.startsWith('@kaon/')}`,
        );
      }
    });

    it('does not import itself by name', () => {
      expect(imported.filter(({ of }) => of === name).map(({ path }) => path)).toEqual([]);
    });
  });
});

describe('nobody reaches into a sibling', () => {
  const everything = files('.', (path) => /\.(?:m?ts|m?js)$/.test(path));
  const exported = new Set(
    allPackages().flatMap(({ name, manifest }) =>
      Object.keys(manifest.exports ?? {}).map((subpath) => posix.join(name, subpath)),
    ),
  );

  it('imports only what packages export', () => {
    const wrong = everything.flatMap(({ path, text }) =>
      importsOf(text)
        .filter(({ specifier }) => specifier.startsWith('@kaon/') && !exported.has(specifier))
        .map(({ specifier }) => `${path}: ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no relative import that leaves its own package', () => {
    const home = (path: string): string => /^(?:packages|docs\/examples)\/[^/]+|^[^/]+/.exec(path)![0];
    const wrong = everything.flatMap(({ path, text }) =>
      importsOf(text)
        .filter(
          ({ specifier }) =>
            specifier.startsWith('.') && home(posix.join(posix.dirname(path), specifier)) !== home(path),
        )
        .map(({ specifier }) => `${path}: ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it("asks for no instanceof a sibling's class: two installed copies must still fit together", () => {
    const wrong = published.flatMap((each) =>
      sources(each, 'src').flatMap(({ path, text }) => {
        const foreign = importsOf(text)
          .filter(({ specifier }) => specifier.startsWith('@kaon/'))
          .flatMap(({ names }) => names);
        return [...codeOnly(text).matchAll(/\binstanceof\s+([\w$]+)/g)]
          .filter(([, name]) => foreign.includes(name!))
          .map(([found]) => `${path}: ${found}`);
      }),
    );
    expect(wrong).toEqual([]);
  });
});
