import type { RandomSource } from '@kaon/interface/crypto/v1';
import { IceError } from './errors.ts';

/** Username fragment and password of one side for one ICE generation (RFC 8445 §5.3). */
export interface IceCredentials {
  /** 4 to 256 ice-chars. */
  readonly usernameFragment: string;
  /** 22 to 256 ice-chars. A secret: never traced. */
  readonly password: string;
}

/** Fresh credentials: 48 random bits of fragment, 144 of password (RFC 8445 §5.3 asks for 24 and 128). */
export function generateCredentials(random: RandomSource): IceCredentials {
  return { usernameFragment: iceChars(8, random), password: iceChars(24, random) };
}

/** Throws IceError `ICE_BAD_CREDENTIALS` unless both parts are as RFC 8839 §5.4 has them. */
export function checkCredentials(credentials: IceCredentials): void {
  if (!/^[A-Za-z0-9+/]{4,256}$/.test(credentials.usernameFragment)) {
    throw new IceError('ICE_BAD_CREDENTIALS', 'the username fragment is not 4 to 256 letters, digits, + or /');
  }
  if (!/^[A-Za-z0-9+/]{22,256}$/.test(credentials.password)) {
    throw new IceError('ICE_BAD_CREDENTIALS', 'the password is not 22 to 256 letters, digits, + or /');
  }
}

/** Whether both parts are the same. */
export function sameCredentials(a: IceCredentials | undefined, b: IceCredentials | undefined): boolean {
  return a?.usernameFragment === b?.usernameFragment && a?.password === b?.password;
}

/** A random number of 64 bits, for the tie-breaker (RFC 8445 §16.1). */
export function randomTieBreaker(random: RandomSource): bigint {
  const bytes = new Uint8Array(8);
  random(bytes);
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** A number in [0, 1) for jitter. */
export function randomFraction(random: RandomSource): number {
  const bytes = new Uint8Array(4);
  random(bytes);
  return (((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0) / 2 ** 32;
}

/** 64 ice-chars, so that six bits of each random byte choose one without bias. */
function iceChars(length: number, random: RandomSource): string {
  const bytes = new Uint8Array(length);
  random(bytes);
  let text = '';
  for (const byte of bytes) text += ICE_CHARS[byte & 0x3f];
  return text;
}

const ICE_CHARS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
