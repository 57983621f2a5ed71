/**
 * Values that are a transport address: plain (RFC 8489 §14.1) or XORed with the magic cookie and the transaction id,
 * so that NATs which rewrite addresses in payloads leave them alone (RFC 8489 §14.2).
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |0 0 0 0 0 0 0 0|    Family     |            (X-)Port           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |              (X-)Address (32 bits or 128 bits)                |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { TransportAddress } from '@kaon/interface/core/v1';
import { addressFromBytes, addressToBytes, MALFORMED, type Malformed, type Reader, type Writer } from '@kaon/wire';

export function readAddress(value: Reader): TransportAddress | Malformed {
  return read(value, NO_MASK);
}

export function readXorAddress(value: Reader, transactionId: Uint8Array): TransportAddress | Malformed {
  return read(value, mask(transactionId));
}

/** Throws RangeError when the address is no numeric IP address or the port is out of range. */
export function writeAddress(value: Writer, address: TransportAddress): void {
  write(value, address, NO_MASK);
}

/** Throws RangeError when the address is no numeric IP address or the port is out of range. */
export function writeXorAddress(value: Writer, address: TransportAddress, transactionId: Uint8Array): void {
  write(value, address, mask(transactionId));
}

/** The family by its STUN number; undefined for any other number. */
export function familyFromNumber(number: number): TransportAddress['family'] | undefined {
  return number === FAMILY_IPV4 ? 'IPv4' : number === FAMILY_IPV6 ? 'IPv6' : undefined;
}

export function familyToNumber(family: TransportAddress['family']): number {
  return family === 'IPv6' ? FAMILY_IPV6 : FAMILY_IPV4;
}

function read(value: Reader, mask: Uint8Array): TransportAddress | Malformed {
  value.skip(1);
  const family = familyFromNumber(value.u8());
  if (family === undefined) return MALFORMED;
  const port = value.u16() ^ ((mask[0]! << 8) | mask[1]!);
  const masked = value.view(family === 'IPv4' ? 4 : 16);
  const plain = new Uint8Array(masked.length);
  for (let i = 0; i < masked.length; i++) plain[i] = masked[i]! ^ mask[i]!;
  const address = addressFromBytes(plain);
  return address === undefined ? MALFORMED : { address, family, port };
}

function write(value: Writer, address: TransportAddress, mask: Uint8Array): void {
  const plain = addressToBytes(address.address);
  if (plain === undefined) throw new RangeError(`${address.address} is not an IP address`);
  const { port } = address;
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new RangeError(`${port} is not a port`);
  value
    .u8(0)
    .u8(plain.length === 4 ? FAMILY_IPV4 : FAMILY_IPV6)
    .u16(port ^ ((mask[0]! << 8) | mask[1]!));
  for (let i = 0; i < plain.length; i++) value.u8(plain[i]! ^ mask[i]!);
}

function mask(transactionId: Uint8Array): Uint8Array {
  const all = new Uint8Array(16);
  all.set([0x21, 0x12, 0xa4, 0x42]);
  all.set(transactionId.subarray(0, 12), 4);
  return all;
}

const NO_MASK = new Uint8Array(16);

/** Address families as STUN numbers them (RFC 8489 §14.1). */
const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;
