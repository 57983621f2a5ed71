import type { CodedError } from '@kaon/interface/core/v1';
import type { SignatureScheme } from '@kaon/interface/crypto/v1';
import { equalConstantTime, isMalformed } from '@kaon/wire';
import { toHex } from '../../der.ts';
import { DtlsError } from '../../errors.ts';
import {
  exportedKeyingMaterial,
  extendedMasterSecret,
  trafficProtection,
  verifyData,
} from '../../key-schedule/secrets.ts';
import { Transcript } from '../../key-schedule/transcript.ts';
import { ALERT } from '../../messages/alert.ts';
import { CHANGE_CIPHER_SPEC } from '../../messages/change-cipher-spec.ts';
import { encodeHandshakeFragment } from '../../messages/handshake-fragment.ts';
import { HANDSHAKE_TYPE } from '../../messages/handshake-type.ts';
import type { Config, LocalCertificate, PeerCertificate } from '../../options.ts';
import { CONTENT_TYPE } from '../../record/content-type.ts';
import type { CipherSuite } from '../../suites/cipher-suites.ts';
import { schemeAuthentication } from '../../suites/signature-schemes.ts';
import { subjectPublicKeyInfo } from '../../x509.ts';
import type { FlightItem } from '../flight.ts';
import type { HandshakeMessage } from '../reassembly.ts';
import { fail, type Step } from '../step.ts';

/** What client and server of a DTLS 1.2 handshake have in common: the agreed parameters, the secrets, the transcript. */
export class Session {
  readonly config: Config;
  readonly transcript: Transcript = new Transcript();
  clientRandom: Uint8Array = new Uint8Array(32);
  serverRandom: Uint8Array = new Uint8Array(32);
  suite: CipherSuite | undefined;
  /** Name of the group of the key agreement. */
  group: string | undefined;
  srtpProfile: number | undefined;
  /** Scheme of the peer's proof of possession. */
  peerScheme: SignatureScheme | undefined;
  peerCertificate: PeerCertificate | undefined;
  #peerKey: Uint8Array | undefined;
  #masterSecret: Uint8Array | undefined;
  #sendSequence: number;

  constructor(config: Config) {
    this.config = config;
    this.#sendSequence = config.verifiedHello?.messageSequence ?? 0;
  }

  /** A message of ours: numbered, and part of the transcript unless it is a HelloVerifyRequest. */
  outgoing(type: number, body: Uint8Array, epoch: 0 | 1 = 0): FlightItem {
    const sequence = this.#sendSequence++;
    if (type !== HANDSHAKE_TYPE.helloVerifyRequest) this.#record(type, sequence, body);
    return { contentType: CONTENT_TYPE.handshake, epoch, type, sequence, body };
  }

  /** A message of the peer: part of the transcript. */
  incoming(message: HandshakeMessage): void {
    this.#record(message.type, message.sequence, message.body);
  }

  /** ChangeCipherSpec and Finished, the end of each side's last flight. */
  finished(sender: 'client' | 'server'): readonly FlightItem[] {
    const changeCipherSpec: FlightItem = {
      contentType: CONTENT_TYPE.changeCipherSpec,
      epoch: 0,
      type: 0,
      sequence: 0,
      body: CHANGE_CIPHER_SPEC,
    };
    return [changeCipherSpec, this.outgoing(HANDSHAKE_TYPE.finished, this.#verifyData(sender), 1)];
  }

  /** Whether this is what the peer's Finished must say; called before that message joins the transcript. */
  isFinishedOf(sender: 'client' | 'server', received: Uint8Array): boolean {
    return equalConstantTime(received, this.#verifyData(sender));
  }

  /** Asks the application about the peer's certificate, and reads its key. Undefined: accepted. */
  acceptCertificate(chain: readonly Uint8Array[]): Step | undefined {
    const leaf = chain[0];
    if (leaf === undefined) {
      return fail(ALERT.handshakeFailure, 'DTLS_NO_CERTIFICATE', 'The peer did not present a certificate.');
    }
    // Copies: what the application keeps must not hold on to whole handshake messages.
    const peer: PeerCertificate = { chain: chain.map((certificate) => certificate.slice()) };
    let refusal: CodedError | undefined;
    try {
      refusal = this.config.verifyPeer(peer);
    } catch (cause) {
      return fail(ALERT.badCertificate, 'DTLS_CERTIFICATE_REJECTED', 'verifyPeer threw an error.', cause);
    }
    if (refusal !== undefined) return { failure: { alert: ALERT.badCertificate, error: refusal } };
    const key = subjectPublicKeyInfo(leaf);
    if (isMalformed(key)) {
      return fail(ALERT.badCertificate, 'DTLS_BAD_CERTIFICATE', "The peer's certificate is not X.509 in DER.");
    }
    this.#peerKey = key;
    this.peerCertificate = peer;
    return undefined;
  }

  /** Checks a signature by the peer's certificate. Undefined: it is good. */
  acceptSignature(scheme: SignatureScheme, data: Uint8Array, signature: Uint8Array): Step | undefined {
    const { config } = this;
    if (!config.signatureSchemes.includes(scheme)) {
      return fail(
        ALERT.illegalParameter,
        'DTLS_ILLEGAL_PARAMETER',
        'The peer signed with a scheme that was not offered.',
      );
    }
    const key = this.#peerKey;
    if (key === undefined || !config.crypto.verify(scheme, key, data, signature)) {
      return fail(ALERT.decryptError, 'DTLS_BAD_SIGNATURE', "The signature does not belong to the peer's certificate.");
    }
    this.peerScheme = scheme;
    return undefined;
  }

  /** Our best scheme among those the peer takes, for a key of this kind; undefined when there is none. */
  chooseScheme(accepted: readonly SignatureScheme[]): SignatureScheme | undefined {
    return this.config.certificate?.signer.schemes.find((scheme) => accepted.includes(scheme));
  }

  /** Signs with the key of our certificate, by a scheme of `chooseScheme`. */
  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array | Step {
    try {
      return (this.config.certificate as LocalCertificate).signer.sign(scheme, data);
    } catch (cause) {
      return fail(ALERT.internalError, 'DTLS_SIGNING_FAILED', 'The local signer threw an error.', cause);
    }
  }

  /** Derives the master secret from the key agreement. The transcript ends with ClientKeyExchange (RFC 7627 §3). */
  deriveMasterSecret(preMasterSecret: Uint8Array): void {
    const { config } = this;
    const suite = this.suite as CipherSuite;
    this.#masterSecret = extendedMasterSecret(config.crypto, suite, preMasterSecret, this.transcript.digest());
    preMasterSecret.fill(0);
    config.keyLog?.(`CLIENT_RANDOM ${toHex(this.clientRandom)} ${toHex(this.#masterSecret)}`);
  }

  /** Keys of both directions. */
  keys(): NonNullable<Step['keys']> {
    const { client, server } = trafficProtection(
      this.config.crypto,
      this.suite as CipherSuite,
      this.#masterSecret as Uint8Array,
      this.clientRandom,
      this.serverRandom,
    );
    return this.config.role === 'client' ? { read: server, write: client } : { read: client, write: server };
  }

  /** RFC 5705; throws `DtlsError` `DTLS_NOT_CONNECTED` without a master secret. */
  exportKeyingMaterial(label: string, length: number): Uint8Array {
    const secret = this.#masterSecret;
    if (secret === undefined) throw new DtlsError('DTLS_NOT_CONNECTED', 'There are no keys to export from.');
    const { crypto } = this.config;
    return exportedKeyingMaterial(
      crypto,
      this.suite as CipherSuite,
      secret,
      this.clientRandom,
      this.serverRandom,
      label,
      length,
    );
  }

  /** Forgets the secrets. */
  dispose(): void {
    this.#masterSecret?.fill(0);
    this.#masterSecret = undefined;
  }

  #verifyData(sender: 'client' | 'server'): Uint8Array {
    const suite = this.suite as CipherSuite;
    return verifyData(this.config.crypto, suite, this.#masterSecret as Uint8Array, sender, this.transcript.digest());
  }

  #record(type: number, sequence: number, body: Uint8Array): void {
    this.transcript.add(encodeHandshakeFragment(type, sequence, body, 0, body.length));
  }
}

/** Whether a signature scheme fits the way a suite authenticates. */
export function schemeFits(scheme: SignatureScheme, suite: CipherSuite): boolean {
  return schemeAuthentication(scheme) === suite.authentication;
}

/** Message decoders answer `Malformed`; this is what follows. */
export function badMessage(name: string): Step {
  return fail(ALERT.decodeError, 'DTLS_BAD_MESSAGE', `The peer's ${name} does not decode.`);
}

/** A message that must not come now. */
export function unexpected(name: string): Step {
  return fail(ALERT.unexpectedMessage, 'DTLS_UNEXPECTED_MESSAGE', `${name} came at a wrong time.`);
}
