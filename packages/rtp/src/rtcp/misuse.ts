import { RtpError } from '../errors.ts';

/** Throws what a caller gets for a packet that cannot be written. Never for what a peer sent. */
export function refuse(message: string): never {
  throw new RtpError('RTP_BAD_RTCP', message);
}

/** Throws unless `value` is a whole number from `min` to `max`. */
export function checkRange(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) refuse(`${name} ${value} does not fit its field`);
}
