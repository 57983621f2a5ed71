/* The server of a full DTLS 1.2 handshake; client.ts has the figure. Unless told not to, the server asks for a certificate. */
import type { GroupName, KeyAgreement, SignatureScheme } from '@kaon/interface/crypto/v1';
import { isMalformed } from '@kaon/wire';
import { decodeEcPointFormats, encodeEcPointFormats, UNCOMPRESSED } from '../../extensions/ec-point-formats.ts';
import { encodeExtendedMasterSecret } from '../../extensions/extended-master-secret.ts';
import { EXTENSION_TYPE, type Extension, findExtension } from '../../extensions/extension.ts';
import {
  encodeRenegotiationInfo,
  isEmptyRenegotiationInfo,
  RENEGOTIATION_SCSV,
} from '../../extensions/renegotiation-info.ts';
import { decodeSignatureAlgorithms } from '../../extensions/signature-algorithms.ts';
import { decodeSupportedGroups } from '../../extensions/supported-groups.ts';
import { decodeSupportedVersions } from '../../extensions/supported-versions.ts';
import { decodeUseSrtp, encodeUseSrtp } from '../../extensions/use-srtp.ts';
import { ALERT } from '../../messages/alert.ts';
import { decodeCertificate, encodeCertificate } from '../../messages/certificate.ts';
import { CERTIFICATE_TYPE, encodeCertificateRequest } from '../../messages/certificate-request.ts';
import { decodeCertificateVerify } from '../../messages/certificate-verify.ts';
import { type ClientHello, decodeClientHello } from '../../messages/client-hello.ts';
import { decodeClientKeyExchange } from '../../messages/client-key-exchange.ts';
import { decodeFinished } from '../../messages/finished.ts';
import { HANDSHAKE_TYPE, handshakeTypeName } from '../../messages/handshake-type.ts';
import { encodeHelloVerifyRequest } from '../../messages/hello-verify-request.ts';
import { encodeServerHello } from '../../messages/server-hello.ts';
import { encodeServerHelloDone } from '../../messages/server-hello-done.ts';
import { encodeServerKeyExchange, serverKeyExchangeInput } from '../../messages/server-key-exchange.ts';
import { VERSION } from '../../record/content-type.ts';
import type { CipherSuite } from '../../suites/cipher-suites.ts';
import { groupCodePoint } from '../../suites/groups.ts';
import { IMPLIED_SIGNATURE_SCHEMES } from '../../suites/signature-schemes.ts';
import { Cookies } from '../cookie.ts';
import type { FlightItem } from '../flight.ts';
import type { HandshakeMessage } from '../reassembly.ts';
import { fail, type Handshake, type Step, WAIT } from '../step.ts';
import { badMessage, type Session, schemeFits, unexpected } from './session.ts';

type Due = 'client-hello' | 'certificate' | 'key-exchange' | 'certificate-verify' | 'finished' | 'none';

/** What the server takes from a ClientHello. */
interface Choice {
  readonly suite: CipherSuite;
  readonly group: GroupName;
  readonly scheme: SignatureScheme;
  readonly srtpProfile: number | undefined;
}

/** The server's side of a handshake. */
export class ServerHandshake implements Handshake {
  readonly #session: Session;
  readonly #cookies: Cookies | undefined;
  #due: Due = 'client-hello';
  #keys: KeyAgreement | undefined;

  constructor(session: Session) {
    this.#session = session;
    this.#cookies = session.config.cookieExchange ? new Cookies(session.config.crypto) : undefined;
  }

  start(): Step {
    return WAIT;
  }

  handle(message: HandshakeMessage, origin: string): Step {
    const { type } = message;
    switch (this.#due) {
      case 'client-hello':
        if (type === HANDSHAKE_TYPE.clientHello) return this.#clientHello(message, origin);
        break;
      case 'certificate':
        if (type === HANDSHAKE_TYPE.certificate) return this.#certificate(message);
        break;
      case 'key-exchange':
        if (type === HANDSHAKE_TYPE.clientKeyExchange) return this.#clientKeyExchange(message);
        break;
      case 'certificate-verify':
        if (type === HANDSHAKE_TYPE.certificateVerify) return this.#certificateVerify(message);
        break;
      case 'finished':
        if (type === HANDSHAKE_TYPE.finished) return this.#finished(message);
        break;
    }
    return unexpected(handshakeTypeName(type));
  }

  #clientHello(message: HandshakeMessage, origin: string): Step {
    const hello = decodeClientHello(message.body);
    if (isMalformed(hello)) return badMessage('ClientHello');
    const cookies = this.#cookies;
    if (cookies !== undefined && !cookies.check(hello, origin)) {
      // The version here is DTLS 1.0, whatever will be agreed (RFC 6347 §4.2.1).
      const body = encodeHelloVerifyRequest({
        type: 'hello-verify-request',
        version: VERSION.dtls10,
        cookie: cookies.make(hello, origin),
      });
      return {
        flight: [this.#session.outgoing(HANDSHAKE_TYPE.helloVerifyRequest, body)],
        timed: false,
        restarted: true,
      };
    }
    const choice = this.#choose(hello);
    return 'failure' in choice ? choice : this.#answer(message, hello, choice as Choice);
  }

  #choose(hello: ClientHello): Choice | Step {
    const { config } = this.#session;
    if (!offersDtls12(hello)) {
      return fail(ALERT.protocolVersion, 'DTLS_PROTOCOL_VERSION', 'The client does not speak DTLS 1.2.');
    }
    if (!hello.compressionMethods.includes(0)) {
      return fail(ALERT.illegalParameter, 'DTLS_ILLEGAL_PARAMETER', 'The client does not offer null compression.');
    }
    const { extensions } = hello;
    const extended = findExtension(extensions, EXTENSION_TYPE.extendedMasterSecret);
    if (extended === undefined || extended.length > 0) {
      const sentence = 'The client does not do extended master secret.';
      return fail(ALERT.handshakeFailure, 'DTLS_NO_EXTENDED_MASTER_SECRET', sentence);
    }
    const renegotiation = findExtension(extensions, EXTENSION_TYPE.renegotiationInfo);
    if (renegotiation !== undefined && !isEmptyRenegotiationInfo(renegotiation)) {
      return fail(ALERT.handshakeFailure, 'DTLS_ILLEGAL_PARAMETER', 'The client believes this is a renegotiation.');
    }
    const formats = decodeIf(extensions, EXTENSION_TYPE.ecPointFormats, decodeEcPointFormats);
    const offeredGroups = decodeIf(extensions, EXTENSION_TYPE.supportedGroups, decodeSupportedGroups);
    const offeredSchemes = decodeIf(extensions, EXTENSION_TYPE.signatureAlgorithms, decodeSignatureAlgorithms);
    const srtp = decodeIf(extensions, EXTENSION_TYPE.useSrtp, decodeUseSrtp);
    if (isMalformed(formats) || isMalformed(offeredGroups) || isMalformed(offeredSchemes) || isMalformed(srtp)) {
      return badMessage('ClientHello');
    }
    if (formats !== undefined && !formats.includes(UNCOMPRESSED)) {
      return fail(ALERT.illegalParameter, 'DTLS_ILLEGAL_PARAMETER', 'The client does not take uncompressed points.');
    }
    // Without the extension the choice is ours (RFC 8422 §4); P-256 is what everybody has.
    const groups = offeredGroups ?? [groupCodePoint('P-256')];
    const group = config.groups.find((name) => groups.includes(groupCodePoint(name)));
    const schemes = offeredSchemes ?? IMPLIED_SIGNATURE_SCHEMES;
    for (const suite of config.cipherSuites) {
      if (!hello.cipherSuites.includes(suite.id)) continue;
      const scheme = this.#session.chooseScheme(schemes.filter((candidate) => schemeFits(candidate, suite)));
      if (scheme === undefined || group === undefined) continue;
      return { suite, group, scheme, srtpProfile: config.srtpProfiles.find((own) => srtp?.profiles.includes(own)) };
    }
    const sentence = 'The client shares no cipher suite, group and signature scheme that fit our certificate.';
    return fail(ALERT.handshakeFailure, 'DTLS_NOTHING_IN_COMMON', sentence);
  }

  #answer(message: HandshakeMessage, hello: ClientHello, choice: Choice): Step {
    const session = this.#session;
    const { config } = session;
    session.suite = choice.suite;
    session.group = choice.group;
    session.srtpProfile = choice.srtpProfile;
    session.clientRandom = hello.random.slice();
    config.crypto.random(session.serverRandom);
    session.incoming(message);
    session.transcript.start(config.crypto, choice.suite.hash);
    const keys = config.crypto.keyAgreement(choice.group);
    const group = groupCodePoint(choice.group);
    const input = serverKeyExchangeInput(session.clientRandom, session.serverRandom, group, keys.publicKey);
    const signature = session.sign(choice.scheme, input);
    if (!(signature instanceof Uint8Array)) return signature;
    this.#keys = keys;
    const serverHello = encodeServerHello({
      type: 'server-hello',
      version: VERSION.dtls12,
      random: session.serverRandom,
      sessionId: new Uint8Array(0),
      cipherSuite: choice.suite.id,
      compressionMethod: 0,
      extensions: answeredExtensions(hello, choice),
    });
    const exchange = encodeServerKeyExchange({
      type: 'server-key-exchange',
      group,
      publicKey: keys.publicKey,
      scheme: choice.scheme,
      signature,
    });
    const request = (): Uint8Array =>
      encodeCertificateRequest({
        type: 'certificate-request',
        certificateTypes: [CERTIFICATE_TYPE.ecdsaSign, CERTIFICATE_TYPE.rsaSign],
        signatureSchemes: config.signatureSchemes,
        authorities: new Uint8Array(0),
      });
    const chain = config.certificate?.chain ?? [];
    const certificate = encodeCertificate({ type: 'certificate', chain });
    const flight: FlightItem[] = [
      session.outgoing(HANDSHAKE_TYPE.serverHello, serverHello),
      session.outgoing(HANDSHAKE_TYPE.certificate, certificate),
      session.outgoing(HANDSHAKE_TYPE.serverKeyExchange, exchange),
      ...(config.requestCertificate ? [session.outgoing(HANDSHAKE_TYPE.certificateRequest, request())] : []),
      session.outgoing(HANDSHAKE_TYPE.serverHelloDone, encodeServerHelloDone()),
    ];
    this.#due = config.requestCertificate ? 'certificate' : 'key-exchange';
    return { flight, timed: true };
  }

  #certificate(message: HandshakeMessage): Step {
    const certificate = decodeCertificate(message.body);
    if (isMalformed(certificate)) return badMessage('Certificate');
    const refusal = this.#session.acceptCertificate(certificate.chain);
    if (refusal !== undefined) return refusal;
    this.#session.incoming(message);
    this.#due = 'key-exchange';
    return WAIT;
  }

  #clientKeyExchange(message: HandshakeMessage): Step {
    const exchange = decodeClientKeyExchange(message.body);
    if (isMalformed(exchange)) return badMessage('ClientKeyExchange');
    const secret = this.#keys?.agree(exchange.publicKey);
    if (secret === undefined) {
      return fail(ALERT.illegalParameter, 'DTLS_ILLEGAL_PARAMETER', "The client's public key is not acceptable.");
    }
    this.#keys = undefined;
    this.#session.incoming(message);
    this.#session.deriveMasterSecret(secret);
    this.#due = this.#session.config.requestCertificate ? 'certificate-verify' : 'finished';
    return { keys: this.#session.keys() };
  }

  #certificateVerify(message: HandshakeMessage): Step {
    const verify = decodeCertificateVerify(message.body);
    if (isMalformed(verify)) return badMessage('CertificateVerify');
    const session = this.#session;
    const refusal = session.acceptSignature(verify.scheme, session.transcript.bytes(), verify.signature);
    if (refusal !== undefined) return refusal;
    session.incoming(message);
    this.#due = 'finished';
    return WAIT;
  }

  #finished(message: HandshakeMessage): Step {
    const session = this.#session;
    const finished = decodeFinished(message.body);
    if (isMalformed(finished)) return badMessage('Finished');
    if (!session.isFinishedOf('client', finished.verifyData)) {
      return fail(ALERT.decryptError, 'DTLS_BAD_FINISHED', "The client's Finished does not match the handshake.");
    }
    session.incoming(message);
    this.#due = 'none';
    const flight = session.finished('server');
    session.transcript.end();
    return { flight, timed: false, complete: true };
  }
}

/** Whether the client takes DTLS 1.2: by supported_versions when it is there, as 1.3 clients write it, else by the old field. */
function offersDtls12(hello: ClientHello): boolean {
  const versions = decodeIf(hello.extensions, EXTENSION_TYPE.supportedVersions, decodeSupportedVersions);
  if (versions !== undefined && !isMalformed(versions)) return versions.includes(VERSION.dtls12);
  // Version numbers count downwards (RFC 6347 §4.1).
  return hello.version >>> 8 === 0xfe && hello.version <= VERSION.dtls12;
}

function answeredExtensions(hello: ClientHello, choice: Choice): readonly Extension[] {
  const { extensions } = hello;
  const answer = [encodeExtendedMasterSecret()];
  const secure = findExtension(extensions, EXTENSION_TYPE.renegotiationInfo) !== undefined;
  if (secure || hello.cipherSuites.includes(RENEGOTIATION_SCSV)) answer.push(encodeRenegotiationInfo());
  if (findExtension(extensions, EXTENSION_TYPE.ecPointFormats) !== undefined) answer.push(encodeEcPointFormats());
  if (choice.srtpProfile !== undefined) answer.push(encodeUseSrtp([choice.srtpProfile]));
  return answer;
}

function decodeIf<T>(extensions: readonly Extension[], type: number, decode: (data: Uint8Array) => T): T | undefined {
  const data = findExtension(extensions, type);
  return data === undefined ? undefined : decode(data);
}
