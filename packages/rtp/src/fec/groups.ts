import { RtpError } from '../errors.ts';

/**
 * How media packets are spread over FEC packets.
 * - `bursty`: FEC packet `i` of `k` covers every `k`th packet from the `i`th on, so any run of up to `k` losses is repaired.
 * - `random`: packets are covered by as different sets of FEC packets as there are, small sets first. Any two losses whose sets
 *   differ are repaired, and a packet in several sets survives the loss of FEC packets.
 */
export type FecPattern = 'bursty' | 'random';

/** What a FEC encoder may be told. */
export interface FecEncoderOptions {
  /** Default `random`. */
  readonly pattern?: FecPattern | undefined;
}

/**
 * For each of `fecCount` FEC packets the indices of the media packets that it covers, ascending. Each media packet is covered
 * by at least one, each FEC packet covers at least one. Throws RtpError (`RTP_BAD_OPTION`) unless 1 ≤ fecCount ≤ mediaCount.
 */
export function fecGroups(mediaCount: number, fecCount: number, pattern: FecPattern): readonly (readonly number[])[] {
  if (!Number.isInteger(mediaCount) || !Number.isInteger(fecCount) || fecCount < 1 || fecCount > mediaCount) {
    throw new RtpError('RTP_BAD_OPTION', `${fecCount} FEC packets for ${mediaCount} media packets`);
  }
  const steps = pattern === 'bursty' ? [[0]] : setShapes(fecCount);
  const groups: number[][] = Array.from({ length: fecCount }, () => []);
  let shape = 0;
  let turn = 0;
  for (let media = 0; media < mediaCount; media++) {
    for (const step of steps[shape]!) groups[(turn + step) % fecCount]!.push(media);
    turn++;
    // Two FEC packets have only one set of both.
    const isThrough = turn === (fecCount === 2 && shape === 1 ? 1 : fecCount);
    if (!isThrough) continue;
    turn = 0;
    shape = (shape + 1) % steps.length;
  }
  return groups;
}

/** Shapes of sets of FEC packets; each is turned round so that it starts at every FEC packet once. */
function setShapes(fecCount: number): number[][] {
  const shapes = [[0]];
  if (fecCount === 2) shapes.push([0, 1]);
  for (let gap = 1; 2 * gap < fecCount; gap++) shapes.push([0, gap]);
  if (fecCount > 3) shapes.push([0, 1, 2]);
  return shapes;
}
