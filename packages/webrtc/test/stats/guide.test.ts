import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MEMBERS } from './members.ts';

const guide = readFileSync(new URL('../../../../docs/guide/statistics.md', import.meta.url), 'utf8');

/** The members in a table of the guide, by its first column. */
function membersIn(section: string, heading: 'Member' | 'Left out'): string[] {
  const table = new RegExp(`^\\| ${heading} +\\|.*\\n\\|.*\\n((?:\\|.*\\n)*)`, 'm').exec(section)?.[1] ?? '';
  return table
    .split('\n')
    .flatMap((row) => Array.from((row.split('|')[1] ?? '').matchAll(/`(\w+)`/g), ([, name]) => name as string));
}

describe('the guide', () => {
  const sections = new Map(
    guide
      .split(/^## /m)
      .slice(1)
      .flatMap((section) => {
        const types = Array.from(
          (section.split('\n')[0] as string).matchAll(/`([\w-]+)`/g),
          ([, type]) => type as string,
        );
        return types.map((type): [string, string] => [type, section]);
      }),
  );

  it.each(Object.keys(MEMBERS))('has the members of %s that reports have, and no others', (type) => {
    const section = sections.get(type) as string;
    const listed = Object.keys(MEMBERS[type] ?? {});
    expect(membersIn(section, 'Member').sort()).toEqual([...listed].sort());
    expect(membersIn(section, 'Left out').filter((name) => listed.includes(name))).toEqual([]);
  });

  it('has no types that reports do not have, but for the one that it leaves out', () => {
    expect([...sections.keys()].filter((type) => MEMBERS[type] === undefined)).toEqual(['media-playout']);
  });

  it('has an example that runs', () => {
    const code = /```ts\n([\s\S]*?)```/.exec(guide)?.[1] as string;
    const options = ['--conditions=@kaon/source', '--input-type=module-typescript', '-e', code];
    execFileSync(process.execPath, options, { cwd: new URL('../..', import.meta.url), timeout: 25_000 });
  });
});
