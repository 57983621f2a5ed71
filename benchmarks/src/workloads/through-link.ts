import { fileURLToPath } from 'node:url';
import { type LibraryId, LineProcess, Worker } from '../worker-process.ts';
import type { LinkAddress, LinkAnswers, LinkOptions } from './link.ts';

/** Pairs of workers, one end in each, whose packets all cross one link. */
export interface Linked {
  readonly pairs: readonly (readonly [Worker, Worker])[];
  counts(): Promise<LinkAnswers['counts']>;
}

/** Connects `count` pairs of processes through one link, measures, and ends them all. */
export async function throughLink<T>(
  library: LibraryId,
  count: number,
  options: LinkOptions,
  measure: (linked: Linked) => Promise<T>,
): Promise<T> {
  const link = new LineProcess(process.execPath, [
    ...process.execArgv.filter((argument) => !argument.startsWith('--cpu-prof')),
    fileURLToPath(new URL('link.ts', import.meta.url)),
    JSON.stringify(options),
  ]);
  const pairs: (readonly [Worker, Worker])[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const pair = [new Worker(library), new Worker(library)] as const;
      pairs.push(pair);
      await connect(link, ...pair);
    }
    return await measure({
      pairs,
      counts: async () => (await link.ask({ cmd: 'counts' }, 5)) as LinkAnswers['counts'],
    });
  } finally {
    await Promise.all([link.end(), ...pairs.flat().map((worker) => worker.end())]);
  }
}

async function connect(link: LineProcess, a: Worker, b: Worker): Promise<void> {
  const offer = await a.call({ cmd: 'offer' }, 10);
  const answerer = b.call({ cmd: 'answer', sdp: withCandidate(offer.sdp, undefined) }, 10);
  const answer = await answerer;
  const ends = { a: candidateOf(offer.sdp), b: candidateOf(answer.sdp) };
  const seen = (await link.ask({ cmd: 'flow', ...ends }, 5)) as LinkAnswers['flow'];
  await a.call({ cmd: 'accept', sdp: withCandidate(answer.sdp, seen.b) }, 10);
  // The answerer has no candidate: it learns of the link by the checks of the offerer.
  await Promise.all([a.call({ cmd: 'opened' }, 20), b.call({ cmd: 'opened' }, 20)]);
}

const CANDIDATE = /^a=candidate:(\S+) 1 (udp) (\d+) (\d+\.\d+\.\d+\.\d+) (\d+) typ host.*$/im;

/** The first IPv4 host candidate over UDP. */
function candidateOf(sdp: string): LinkAddress {
  const [, , , , address, port] = CANDIDATE.exec(sdp) ?? [];
  if (address === undefined || port === undefined) throw new Error('the description has no IPv4 host candidate');
  return { address, port: Number(port) };
}

/** The description with `address` as its only candidate, or with none. */
function withCandidate(sdp: string, address: LinkAddress | undefined): string {
  const end = sdp.includes('\r\n') ? '\r\n' : '\n';
  const [line = ''] = CANDIDATE.exec(sdp) ?? [];
  const lines = sdp.split(end).flatMap((each) => {
    if (!each.startsWith('a=candidate:')) return [each];
    if (address === undefined || each.trim() !== line.trim()) return [];
    return [`a=candidate:1 1 udp 2130706431 ${address.address} ${address.port} typ host`];
  });
  return lines.join(end);
}
