/** What is measured between connections: a pair, and a relay. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type LibraryId, Worker } from '../worker-process.ts';
import type { Line } from './figures.ts';

const VIEWERS = 10;
/** bit/s of the relayed video. */
const BITRATE = 2_000_000;

const PAIR = 'a connected pair, 1,200 bytes';
const RELAY = `a relay to ${VIEWERS} viewers`;

export const PAIR_LINES = {
  rate: line('pair-rate', `RTP through ${PAIR}`, 'one process', 'packets/s', 'higher'),
  cpu: line('pair-cpu', `CPU of RTP through ${PAIR}`, 'one process', 'µs/packet', 'lower'),
  loss: line('pair-loss', `lost of RTP through ${PAIR}`, 'one process', '%', 'lower'),
};

export const RELAY_LINES = {
  cpu: line('relay-cpu', `CPU of ${RELAY}, 2 Mbit/s`, 'two processes', 'ms/s', 'lower'),
  loss: line('relay-loss', `lost of ${RELAY}, 2 Mbit/s`, 'two processes', '%', 'lower'),
  rate: line('relay-rate', `RTP out of ${RELAY}, as much as it can, per CPU`, 'two processes', 'packets/s', 'higher'),
};

/** Packets per second between two connections of one process. */
export async function measurePair(
  library: LibraryId,
  quick: boolean,
): Promise<Record<keyof typeof PAIR_LINES, number>> {
  const worker = new Worker(library);
  try {
    const times = quick ? { warmup: 0.5, seconds: 1 } : { warmup: 1.5, seconds: 2.5 };
    const { sent, received, seconds, cpuSeconds } = await worker.call({ cmd: 'packets', ...times }, 30);
    return { rate: received / seconds, cpu: (cpuSeconds * 1e6) / received, loss: lossOf(sent, received) };
  } finally {
    await worker.end();
  }
}

/** A relay in one process; its publisher and its viewers are in another one, of Kaon for each library. */
export async function measureRelay(
  library: LibraryId,
  quick: boolean,
): Promise<Record<keyof typeof RELAY_LINES, number>> {
  const [relay, party] = [new Worker(library), new Worker('kaon')];
  try {
    for (let i = 0; i <= VIEWERS; i++) {
      const { sdp } = await party.call({ cmd: 'party-offer', role: i === 0 ? 'publisher' : 'viewer' }, 10);
      const answer = await relay.call({ cmd: i === 0 ? 'relay-publisher' : 'relay-viewer', sdp }, 10);
      await party.call({ cmd: 'party-answer', sdp: answer.sdp }, 10);
      // Both sides are connected before the next one comes.
      await sleep(i === 0 ? 300 : 0);
    }
    const run = async (
      bitrate: number,
    ): Promise<{ sent: number; received: number; cpuSeconds: number; seconds: number }> => {
      const times = quick ? { warmup: 0.5, seconds: 1 } : { warmup: 1, seconds: 2 };
      const [used, passed] = await Promise.all([
        relay.call({ cmd: 'cpu', ...times }, 30),
        party.call({ cmd: 'party-run', bitrate, ...times }, 30),
      ]);
      return { ...passed, ...used };
    };
    const steady = await run(BITRATE);
    const full = await run(0);
    return {
      cpu: (steady.cpuSeconds / steady.seconds) * 1000,
      loss: lossOf(steady.sent * VIEWERS, steady.received),
      rate: full.received / full.cpuSeconds,
    };
  } finally {
    await Promise.all([relay.end(), party.end()]);
  }
}

/** Percent; packets on the way at the start may make it seem less than none. */
function lossOf(sent: number, received: number): number {
  return sent === 0 ? 100 : Math.max(0, (100 * (sent - received)) / sent);
}

function line(id: string, title: string, form: Line['form'], unit: string, better: Line['better']): Line {
  return { id, title, form, unit, better };
}
