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

/** A version 3 certificate without extensions whose issuer is its subject (RFC 5280 §4.1), DER. */
export async function selfSigned(fields: SelfSignedFields): Promise<Uint8Array<ArrayBuffer>> {
  // Loaded on use: a program that brings its own certificate need not wait for it.
  const [pkijs, asn1js] = await Promise.all([import('pkijs'), import('asn1js')]);
  const { signature, signatureIdentifier } = fields.details;
  const { privateKey, publicKey } = fields.keys;

  const certificate = new pkijs.Certificate({
    version: 2,
    serialNumber: new asn1js.Integer({ valueHex: serialNumber() }),
    notBefore: time(fields.notBefore, pkijs),
    notAfter: time(fields.notAfter, pkijs),
  });
  for (const name of [certificate.issuer, certificate.subject]) {
    const value = new asn1js.Utf8String({ value: fields.commonName });
    name.typesAndValues.push(new pkijs.AttributeTypeAndValue({ type: '2.5.4.3', value }));
  }
  certificate.subjectPublicKeyInfo = pkijs.PublicKeyInfo.fromBER(await crypto.subtle.exportKey('spki', publicKey));
  const identifier = new pkijs.AlgorithmIdentifier({
    algorithmId: signatureIdentifier.algorithm,
    ...(signatureIdentifier.parameters === 'null' ? { algorithmParams: new asn1js.Null() } : {}),
  });
  certificate.signature = identifier;
  certificate.signatureAlgorithm = identifier;

  // Signed here and not by `certificate.sign`, which knows no Ed25519.
  certificate.tbsView = new Uint8Array(certificate.encodeTBS().toBER(false));
  const signed = await crypto.subtle.sign(signature, privateKey, certificate.tbsView.slice());
  const value = fields.details.algorithm.name === 'ECDSA' ? pkijs.createCMSECDSASignature(signed) : signed;
  certificate.signatureValue = new asn1js.BitString({ valueHex: value });
  return new Uint8Array(certificate.toSchema(true).toBER(false));
}

/** 16 random bytes, positive and of full length: the first bit is 0, the second 1. */
function serialNumber(): Uint8Array<ArrayBuffer> {
  const serial = crypto.getRandomValues(new Uint8Array(16));
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

/** UTCTime up to the year 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
function time(epoch: number, pkijs: typeof import('pkijs')): import('pkijs').Time {
  const value = new Date(epoch);
  const type = value.getUTCFullYear() < 2050 ? pkijs.TimeType.UTCTime : pkijs.TimeType.GeneralizedTime;
  return new pkijs.Time({ type, value });
}
