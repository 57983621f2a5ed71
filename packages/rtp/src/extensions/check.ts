import { RtpError } from '../errors.ts';

/** Throws RtpError (`RTP_BAD_EXTENSION`) unless `value` is an integer from `min` to `max`. */
export function checkValue(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max) || !Number.isInteger(value))
    throw new RtpError('RTP_BAD_EXTENSION', `${name} ${value} is not a whole number from ${min} to ${max}`);
}
