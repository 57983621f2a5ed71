import { writeFileSync } from 'node:fs';
import { connectivityScenarios } from './connectivity/index.ts';
import type { Role } from './link.ts';
import type { MediaScenario } from './media-scenario.ts';
import { mediaScenarios } from './media-scenarios/index.ts';
import { lackOf, type PeerKind } from './peer-kind.ts';
import { scenarios } from './scenarios/index.ts';
import { uclientChecks } from './turn/uclient.ts';
import { VANISH } from './vanish.ts';

export type Verdict = 'ok' | 'FAIL' | 'n/a';

/** What a run found, printed as it comes. */
export class Report {
  readonly #verdicts: Map<string, Verdict> = new Map();
  readonly #versions: Map<string, string> = new Map();
  passed: number = 0;
  failed: number = 0;
  /** Checks that failed at the first attempt, with why. */
  readonly repeated: string[] = [];

  version(kind: PeerKind, text: string): void {
    this.#versions.set(kind.id, text);
  }

  /** The first attempt at a check failed. */
  repeat(kind: PeerKind, role: Role, scenario: string, detail: string): void {
    this.repeated.push(`${kind.id}, Kaon ${role}: ${scenario} ${detail}`);
    console.log(`once ${kind.id}, Kaon ${role}: ${scenario} ${detail}`);
  }

  /** The run against this peer ended before its time. */
  fail(kind: PeerKind, detail: string): void {
    this.failed++;
    console.log(`FAIL ${kind.id}: ${detail}`);
  }

  add(kind: PeerKind, role: Role, scenario: string, verdict: Verdict, detail: string): void {
    if (verdict === 'ok') this.passed++;
    if (verdict === 'FAIL') this.failed++;
    this.#verdicts.set(`${kind.id} ${scenario} ${role}`, verdict);
    console.log(`${verdict.padEnd(4)} ${kind.id}, Kaon ${role}: ${scenario} ${detail}`.trimEnd());
  }

  /** A check that is not one of a peer's: coturn's client with Kaon's server. */
  client(id: string, verdict: Verdict, detail: string): void {
    if (verdict === 'ok') this.passed++;
    if (verdict === 'FAIL') this.failed++;
    this.#verdicts.set(`uclient ${id}`, verdict);
    console.log(`${verdict.padEnd(4)} turnutils_uclient: ${id} ${detail}`.trimEnd());
  }

  /** The table, the same for the same verdicts and versions. */
  markdown(kinds: readonly PeerKind[]): string {
    const notes: string[] = [];
    const rows = [...scenarios, VANISH].map(({ id, title }) => {
      const cells = kinds.map((kind) => this.#cell(kind, id, notes));
      return `| ${[title, ...cells].join(' | ')} |`;
    });
    return [
      '# Interoperability',
      '',
      'Kaon against other WebRTC stacks, over real sockets. `pnpm interop --write` runs all of it and writes this page;',
      '[interop/](../interop/README.md) says how. A cell holds two results: Kaon offers / Kaon answers.',
      '',
      '| Peer | Version |',
      '| --- | --- |',
      ...kinds.map((kind) => `| ${kind.title} | ${this.#versions.get(kind.id) ?? 'did not start'} |`),
      '',
      `| Scenario | ${kinds.map(({ title }) => title).join(' | ')} |`,
      `| --- |${' --- |'.repeat(kinds.length)}`,
      ...rows,
      '',
      ...this.#connectivity(kinds, notes),
      ...this.#media(kinds, notes),
      '"–" is not run with this peer, or for the reason that is numbered.',
      ...kinds.flatMap(({ remark }) => (remark === undefined ? [] : ['', remark])),
      ...notes.flatMap((note, i) => ['', `${i + 1}. ${note}.`]),
      '',
    ].join('\n');
  }

  #connectivity(all: readonly PeerKind[], notes: string[]): string[] {
    const kinds = all.filter(({ connectivity }) => connectivity);
    return [
      '## Connectivity',
      '',
      ...table(
        ['Scenario', ...kinds.map(({ title }) => title)],
        connectivityScenarios.map(({ id, title }) => [title, ...kinds.map((kind) => this.#cell(kind, id, notes))]),
      ),
      '',
      "coturn's client, `turnutils_uclient`, with Kaon's TURN server; nothing may be lost:",
      '',
      ...table(
        ['Check', 'Result'],
        uclientChecks().map(({ id, title }) => [title, this.#verdicts.get(`uclient ${id}`) ?? '–']),
      ),
      '',
    ];
  }

  /** The tables of media: scenarios, then codecs by direction. */
  #media(all: readonly PeerKind[], notes: string[]): string[] {
    const kinds = all.filter(({ media }) => media);
    const codecs = [...new Set(mediaScenarios.flatMap(({ codec }) => codec?.name ?? []))];
    const find = (name: string, direction: 'from' | 'to'): MediaScenario | undefined =>
      mediaScenarios.find(({ codec }) => codec?.name === name && codec.direction === direction);
    const codecCells = (name: string): string[] =>
      kinds.flatMap((kind) =>
        (['from', 'to'] as const).map((direction) => {
          const scenario = find(name, direction);
          return scenario === undefined ? '–' : this.#cell(kind, scenario.id, notes);
        }),
      );
    const columns = kinds.flatMap(({ title }) => [`${title} → Kaon`, `Kaon → ${title}`]);
    return [
      '## Media',
      '',
      ...table(
        ['Scenario', ...kinds.map(({ title }) => title)],
        mediaScenarios
          .filter(({ codec }) => codec === undefined)
          .map(({ id, title }) => [title, ...kinds.map((kind) => this.#cell(kind, id, notes))]),
      ),
      '',
      '## Codecs',
      '',
      'From a peer: frames are whole, a key frame comes on request, and ffprobe decodes what was recorded. To a peer: it',
      'decodes them, browsers show the right picture, and a key frame that the peer asks for reaches the source.',
      '',
      ...table(
        ['Codec', ...columns],
        codecs.map((name) => [name, ...codecCells(name)]),
      ),
      '',
    ];
  }

  write(kinds: readonly PeerKind[]): void {
    writeFileSync(new URL('../../docs/interop.md', import.meta.url), this.markdown(kinds));
  }

  #cell(kind: PeerKind, scenario: string, notes: string[]): string {
    const cell = (role: Role): string => {
      const reason = lackOf(kind, scenario, role);
      if (reason === undefined) return this.#verdicts.get(`${kind.id} ${scenario} ${role}`) ?? '–';
      if (!notes.includes(reason)) notes.push(reason);
      return `– (${notes.indexOf(reason) + 1})`;
    };
    const [offers, answers] = [cell('offers'), cell('answers')];
    return offers === answers && offers.startsWith('–') ? offers : `${offers} / ${answers}`;
  }
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)];
}
