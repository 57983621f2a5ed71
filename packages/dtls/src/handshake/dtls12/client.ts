/*
 * The client of a full DTLS 1.2 handshake (RFC 6347 §4.2.4, figure 1):
 *
 *   ClientHello                   -->
 *                                 <--   [HelloVerifyRequest]
 *   [ClientHello with cookie]     -->
 *                                 <--   ServerHello, Certificate, ServerKeyExchange,
 *                                       [CertificateRequest], ServerHelloDone
 *   [Certificate], ClientKeyExchange,
 *   [CertificateVerify],
 *   ChangeCipherSpec, Finished    -->
 *                                 <--   ChangeCipherSpec, Finished
 */
import type { GroupName, KeyAgreement } from '@kaon/interface/crypto/v1';
import { isMalformed } from '@kaon/wire';
import { encodeEcPointFormats } from '../../extensions/ec-point-formats.ts';
import { encodeExtendedMasterSecret } from '../../extensions/extended-master-secret.ts';
import { EXTENSION_TYPE, type Extension, findExtension } from '../../extensions/extension.ts';
import { encodeRenegotiationInfo, isEmptyRenegotiationInfo } from '../../extensions/renegotiation-info.ts';
import { encodeServerName } from '../../extensions/server-name.ts';
import { encodeSignatureAlgorithms } from '../../extensions/signature-algorithms.ts';
import { encodeSupportedGroups } from '../../extensions/supported-groups.ts';
import { decodeUseSrtp, encodeUseSrtp } from '../../extensions/use-srtp.ts';
import { ALERT } from '../../messages/alert.ts';
import { decodeCertificate, encodeCertificate } from '../../messages/certificate.ts';
import { type CertificateRequest, decodeCertificateRequest } from '../../messages/certificate-request.ts';
import { encodeCertificateVerify } from '../../messages/certificate-verify.ts';
import { type ClientHello, encodeClientHello } from '../../messages/client-hello.ts';
import { encodeClientKeyExchange } from '../../messages/client-key-exchange.ts';
import { decodeFinished } from '../../messages/finished.ts';
import { HANDSHAKE_TYPE, handshakeTypeName } from '../../messages/handshake-type.ts';
import { decodeHelloVerifyRequest } from '../../messages/hello-verify-request.ts';
import { decodeServerHello } from '../../messages/server-hello.ts';
import { decodeServerHelloDone } from '../../messages/server-hello-done.ts';
import { decodeServerKeyExchange, serverKeyExchangeInput } from '../../messages/server-key-exchange.ts';
import { VERSION } from '../../record/content-type.ts';
import { groupCodePoint, groupName } from '../../suites/groups.ts';
import type { FlightItem } from '../flight.ts';
import type { HandshakeMessage } from '../reassembly.ts';
import { fail, type Handshake, type Step, WAIT } from '../step.ts';
import { badMessage, type Session, schemeFits, unexpected } from './session.ts';

/** The message that is due. `certificate-request` stands for that or ServerHelloDone. */
type Due = 'server-hello' | 'certificate' | 'key-exchange' | 'certificate-request' | 'hello-done' | 'finished' | 'none';

/** HelloVerifyRequests that are answered: a server may have changed its secret in between, but not for ever. */
const MAX_REFUSALS = 3;

/** The client's side of a handshake. */
export class ClientHandshake implements Handshake {
  readonly #session: Session;
  readonly #offered: readonly Extension[];
  #due: Due = 'server-hello';
  #refusals = 0;
  #request: CertificateRequest | undefined;
  #group: GroupName | undefined;
  #serverKey: Uint8Array | undefined;

  constructor(session: Session) {
    this.#session = session;
    this.#offered = offeredExtensions(session);
  }

  start(): Step {
    this.#session.config.crypto.random(this.#session.clientRandom);
    return { flight: [this.#hello(new Uint8Array(0))], timed: true };
  }

  handle(message: HandshakeMessage): Step {
    if (message.type === HANDSHAKE_TYPE.helloVerifyRequest) return this.#helloVerifyRequest(message.body);
    const handler = this.#handler(message.type);
    if (handler === undefined) return unexpected(handshakeTypeName(message.type));
    return handler.call(this, message);
  }

  #handler(type: number): ((message: HandshakeMessage) => Step) | undefined {
    switch (this.#due) {
      case 'server-hello':
        return type === HANDSHAKE_TYPE.serverHello ? this.#serverHello : undefined;
      case 'certificate':
        return type === HANDSHAKE_TYPE.certificate ? this.#certificate : undefined;
      case 'key-exchange':
        return type === HANDSHAKE_TYPE.serverKeyExchange ? this.#serverKeyExchange : undefined;
      case 'certificate-request':
        if (type === HANDSHAKE_TYPE.certificateRequest) return this.#certificateRequest;
        return type === HANDSHAKE_TYPE.serverHelloDone ? this.#serverHelloDone : undefined;
      case 'hello-done':
        return type === HANDSHAKE_TYPE.serverHelloDone ? this.#serverHelloDone : undefined;
      case 'finished':
        return type === HANDSHAKE_TYPE.finished ? this.#finished : undefined;
      default:
        return undefined;
    }
  }

  #hello(cookie: Uint8Array): FlightItem {
    const { config, clientRandom } = this.#session;
    const hello: ClientHello = {
      type: 'client-hello',
      version: VERSION.dtls12,
      random: clientRandom,
      sessionId: new Uint8Array(0),
      cookie,
      cipherSuites: config.cipherSuites.map((suite) => suite.id),
      compressionMethods: Uint8Array.of(0),
      extensions: this.#offered,
    };
    return this.#session.outgoing(HANDSHAKE_TYPE.clientHello, encodeClientHello(hello));
  }

  #helloVerifyRequest(body: Uint8Array): Step {
    if (this.#due !== 'server-hello' || this.#refusals === MAX_REFUSALS) return unexpected('HelloVerifyRequest');
    const request = decodeHelloVerifyRequest(body);
    if (isMalformed(request)) return badMessage('HelloVerifyRequest');
    this.#refusals++;
    // The refused hello and its refusal are not part of the transcript (RFC 6347 §4.2.1).
    this.#session.transcript.clear();
    return { flight: [this.#hello(request.cookie)], timed: true };
  }

  #serverHello(message: HandshakeMessage): Step {
    const session = this.#session;
    const { config } = session;
    const hello = decodeServerHello(message.body);
    if (isMalformed(hello)) return badMessage('ServerHello');
    if (hello.version !== VERSION.dtls12) {
      return fail(ALERT.protocolVersion, 'DTLS_PROTOCOL_VERSION', 'The server does not speak DTLS 1.2.');
    }
    const suite = config.cipherSuites.find((offered) => offered.id === hello.cipherSuite);
    if (suite === undefined || hello.compressionMethod !== 0) {
      return fail(ALERT.illegalParameter, 'DTLS_ILLEGAL_PARAMETER', 'The server chose a suite that was not offered.');
    }
    for (const extension of hello.extensions) {
      if (findExtension(this.#offered, extension.type) === undefined) {
        const sentence = `The server answered extension ${extension.type}, which was not offered.`;
        return fail(ALERT.unsupportedExtension, 'DTLS_ILLEGAL_PARAMETER', sentence);
      }
    }
    const extended = findExtension(hello.extensions, EXTENSION_TYPE.extendedMasterSecret);
    if (extended === undefined || extended.length > 0) {
      const sentence = 'The server does not do extended master secret.';
      return fail(ALERT.handshakeFailure, 'DTLS_NO_EXTENDED_MASTER_SECRET', sentence);
    }
    const renegotiation = findExtension(hello.extensions, EXTENSION_TYPE.renegotiationInfo);
    if (renegotiation !== undefined && !isEmptyRenegotiationInfo(renegotiation)) {
      return fail(ALERT.handshakeFailure, 'DTLS_ILLEGAL_PARAMETER', 'The server believes this is a renegotiation.');
    }
    const srtp = findExtension(hello.extensions, EXTENSION_TYPE.useSrtp);
    if (srtp !== undefined) {
      const answer = decodeUseSrtp(srtp);
      if (isMalformed(answer)) return badMessage('ServerHello');
      const [profile] = answer.profiles;
      // Exactly one of the offered profiles, and no MKI as none was offered (RFC 5764 §4.1.1, §4.1.3).
      if (answer.profiles.length !== 1 || answer.mki.length > 0 || !config.srtpProfiles.includes(profile as number)) {
        return fail(
          ALERT.illegalParameter,
          'DTLS_ILLEGAL_PARAMETER',
          'The server chose an SRTP profile that was not offered.',
        );
      }
      session.srtpProfile = profile;
    }
    session.suite = suite;
    session.serverRandom = hello.random.slice();
    session.transcript.start(config.crypto, suite.hash);
    session.incoming(message);
    this.#due = 'certificate';
    return WAIT;
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

  #serverKeyExchange(message: HandshakeMessage): Step {
    const session = this.#session;
    const exchange = decodeServerKeyExchange(message.body);
    if (isMalformed(exchange)) return badMessage('ServerKeyExchange');
    const group = groupName(exchange.group);
    if (group === undefined || !session.config.groups.includes(group)) {
      return fail(ALERT.illegalParameter, 'DTLS_ILLEGAL_PARAMETER', 'The server chose a group that was not offered.');
    }
    if (session.suite === undefined || !schemeFits(exchange.scheme, session.suite)) {
      return fail(ALERT.illegalParameter, 'DTLS_ILLEGAL_PARAMETER', "The server's signature does not fit its suite.");
    }
    const { clientRandom, serverRandom } = session;
    const input = serverKeyExchangeInput(clientRandom, serverRandom, exchange.group, exchange.publicKey);
    const refusal = session.acceptSignature(exchange.scheme, input, exchange.signature);
    if (refusal !== undefined) return refusal;
    this.#group = group;
    this.#serverKey = exchange.publicKey;
    session.group = group;
    session.incoming(message);
    this.#due = 'certificate-request';
    return WAIT;
  }

  #certificateRequest(message: HandshakeMessage): Step {
    const request = decodeCertificateRequest(message.body);
    if (isMalformed(request)) return badMessage('CertificateRequest');
    this.#request = request;
    this.#session.incoming(message);
    this.#due = 'hello-done';
    return WAIT;
  }

  #serverHelloDone(message: HandshakeMessage): Step {
    const session = this.#session;
    if (isMalformed(decodeServerHelloDone(message.body))) return badMessage('ServerHelloDone');
    session.incoming(message);
    const keys: KeyAgreement = session.config.crypto.keyAgreement(this.#group as GroupName);
    const secret = keys.agree(this.#serverKey as Uint8Array);
    if (secret === undefined) {
      return fail(ALERT.illegalParameter, 'DTLS_ILLEGAL_PARAMETER', "The server's public key is not acceptable.");
    }
    const flight: FlightItem[] = [];
    const request = this.#request;
    const { certificate } = session.config;
    if (request !== undefined) {
      // Without a certificate the list is empty, and nothing has to be proven (RFC 5246 §7.4.6, §7.4.8).
      const chain = certificate?.chain ?? [];
      flight.push(session.outgoing(HANDSHAKE_TYPE.certificate, encodeCertificate({ type: 'certificate', chain })));
    }
    const exchange = encodeClientKeyExchange({ type: 'client-key-exchange', publicKey: keys.publicKey });
    flight.push(session.outgoing(HANDSHAKE_TYPE.clientKeyExchange, exchange));
    session.deriveMasterSecret(secret);
    if (request !== undefined && certificate !== undefined) {
      const scheme = session.chooseScheme(request.signatureSchemes);
      if (scheme === undefined) {
        const sentence = 'The server takes no signature scheme that our certificate has.';
        return fail(ALERT.handshakeFailure, 'DTLS_NOTHING_IN_COMMON', sentence);
      }
      const signature = session.sign(scheme, session.transcript.bytes());
      if (!(signature instanceof Uint8Array)) return signature;
      const verify = encodeCertificateVerify({ type: 'certificate-verify', scheme, signature });
      flight.push(session.outgoing(HANDSHAKE_TYPE.certificateVerify, verify));
    }
    flight.push(...session.finished('client'));
    this.#due = 'finished';
    return { flight, timed: true, keys: session.keys() };
  }

  #finished(message: HandshakeMessage): Step {
    const finished = decodeFinished(message.body);
    if (isMalformed(finished)) return badMessage('Finished');
    if (!this.#session.isFinishedOf('server', finished.verifyData)) {
      return fail(ALERT.decryptError, 'DTLS_BAD_FINISHED', "The server's Finished does not match the handshake.");
    }
    this.#due = 'none';
    this.#session.transcript.end();
    return { complete: true };
  }
}

function offeredExtensions(session: Session): readonly Extension[] {
  const { groups, serverName, signatureSchemes, srtpProfiles } = session.config;
  const extensions = [
    encodeExtendedMasterSecret(),
    encodeRenegotiationInfo(),
    encodeSupportedGroups(groups.map(groupCodePoint)),
    encodeEcPointFormats(),
    encodeSignatureAlgorithms(signatureSchemes),
  ];
  if (serverName !== undefined) extensions.push(encodeServerName(serverName));
  if (srtpProfiles.length > 0) extensions.push(encodeUseSrtp(srtpProfiles));
  return extensions;
}
