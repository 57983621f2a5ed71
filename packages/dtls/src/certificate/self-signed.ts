import {
  bitString,
  ecdsaSignature,
  explicit,
  objectIdentifier,
  sequence,
  setOfOne,
  time,
  unsignedInteger,
  utf8String,
} from './der.ts';

/** What a self-signed certificate says. */
export interface SelfSignedFields {
  /** AlgorithmIdentifier of the signature, DER. */
  readonly signatureIdentifier: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** 16 random bytes. */
  readonly serial: Uint8Array;
  readonly commonName: string;
  /** Milliseconds since the epoch, cut to seconds. */
  readonly notBefore: number;
  /** Milliseconds since the epoch, cut to seconds. */
  readonly notAfter: number;
}

/**
 * TBSCertificate of RFC 5280 §4.1, version 3, without extensions, the issuer being the subject. Written here and not by pkijs
 * because a peer connection waits for it: loading pkijs takes 80 ms and each certificate a millisecond, this 20 µs. A test
 * holds every byte against what pkijs writes.
 */
export function toBeSigned(fields: SelfSignedFields): Uint8Array<ArrayBuffer> {
  const name = sequence(setOfOne(sequence(objectIdentifier('2.5.4.3'), utf8String(fields.commonName))));
  const serial = fields.serial.slice();
  // Positive, and of full length: its first bit is 0, its second 1.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return sequence(
    explicit(0, unsignedInteger(Uint8Array.of(2))),
    unsignedInteger(serial),
    fields.signatureIdentifier,
    name,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    name,
    fields.publicKey,
  );
}

/** Certificate of RFC 5280 §4.1 from its signed part. An ECDSA signature is taken as WebCrypto gives it. */
export function assemble(
  tbs: Uint8Array,
  { signatureIdentifier }: SelfSignedFields,
  signature: Uint8Array,
  ecdsa: boolean,
): Uint8Array<ArrayBuffer> {
  return sequence(tbs, signatureIdentifier, bitString(ecdsa ? ecdsaSignature(signature) : signature));
}
