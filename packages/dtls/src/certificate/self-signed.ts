import type { AlgorithmDetails } from './algorithm.ts';

/** What a self-signed certificate says, and the keys that it says it with. */
export interface SelfSignedFields {
  readonly details: AlgorithmDetails;
  readonly keys: CryptoKeyPair;
  readonly commonName: string;
  /** Milliseconds since the epoch, cut to seconds. */
  readonly notBefore: number;
  /** Milliseconds since the epoch, cut to seconds. */
  readonly notAfter: number;
}

/**
 * A version 3 certificate without extensions whose issuer is its subject (RFC 5280 §4.1), DER. Written with asn1js, the layer
 * below pkijs, whose own classes take ten times as long for it, and every connection waits for a certificate.
 */
export async function selfSigned(fields: SelfSignedFields): Promise<Uint8Array<ArrayBuffer>> {
  // Loaded on use: a program that brings its own certificate need not wait for it.
  const asn1js = await import('asn1js');
  const { BitString, Constructed, Integer, Null, ObjectIdentifier, Sequence, Set: SetOf, Utf8String } = asn1js;
  const { signature, signatureIdentifier } = fields.details;
  const { privateKey, publicKey } = fields.keys;

  const identifier = new Sequence({
    value: [
      new ObjectIdentifier({ value: signatureIdentifier.algorithm }),
      ...(signatureIdentifier.parameters === 'null' ? [new Null()] : []),
    ],
  });
  const commonName = new Sequence({
    value: [new ObjectIdentifier({ value: '2.5.4.3' }), new Utf8String({ value: fields.commonName })],
  });
  const name = new Sequence({ value: [new SetOf({ value: [commonName] })] });
  const tbs = new Sequence({
    value: [
      new Constructed({ idBlock: { tagClass: 3, tagNumber: 0 }, value: [new Integer({ value: 2 })] }),
      new Integer({ valueHex: serialNumber() }),
      identifier,
      name,
      new Sequence({ value: [time(fields.notBefore, asn1js), time(fields.notAfter, asn1js)] }),
      name,
      asn1js.fromBER(await crypto.subtle.exportKey('spki', publicKey)).result,
    ],
  });
  const signed = await crypto.subtle.sign(signature, privateKey, tbs.toBER(false));
  const value = fields.details.algorithm.name === 'ECDSA' ? ecdsaSignature(signed, asn1js) : signed;
  const certificate = new Sequence({ value: [tbs, identifier, new BitString({ valueHex: value })] });
  return new Uint8Array(certificate.toBER(false));
}

/** Ecdsa-Sig-Value (RFC 3279 §2.2.3) from r and s one after the other, as WebCrypto gives them. */
function ecdsaSignature(rs: ArrayBuffer, { Integer, Sequence }: typeof import('asn1js')): ArrayBuffer {
  const half = rs.byteLength / 2;
  const value = [rs.slice(0, half), rs.slice(half)].map((valueHex) => new Integer({ valueHex }).convertToDER());
  return new Sequence({ value }).toBER(false);
}

/** 16 random bytes, positive and of full length: the first bit is 0, the second 1. */
function serialNumber(): Uint8Array<ArrayBuffer> {
  const serial = crypto.getRandomValues(new Uint8Array(16));
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

/** UTCTime up to the year 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
function time(epoch: number, { GeneralizedTime, UTCTime }: typeof import('asn1js')): import('asn1js').UTCTime {
  const valueDate = new Date(epoch);
  return valueDate.getUTCFullYear() < 2050 ? new UTCTime({ valueDate }) : new GeneralizedTime({ valueDate });
}
