import { generateCredentials, type IceCredentials } from '@kaon/ice';
import { type SessionDescription, serializeSdp } from '@kaon/sdp';
import { certificateOf, generateCertificate, type RTCCertificate } from '../certificate.ts';
import type { Environment } from '../environment.ts';
import { domError } from '../errors.ts';
import { DEFAULT_MAX_MESSAGE_SIZE, type PeerTransport, SCTP_PORT } from '../transport/peer-transport.ts';
import { defaultAddress } from './candidates.ts';
import type { Negotiation } from './negotiation.ts';
import { type LocalParameters, makeAnswer, makeOffer } from './offer-answer.ts';
import { remoteParameters } from './remote-parameters.ts';

/** A description of ours as it was created. */
export interface Made {
  readonly text: string;
  readonly session: SessionDescription;
}

/** Makes this side's offers and answers, with what stays the same in all of them. */
export class OwnDescriptions {
  /** What `setLocalDescription` may take. */
  lastOffer: Made | undefined = undefined;
  lastAnswer: Made | undefined = undefined;
  readonly #environment: Environment;
  readonly #negotiation: Negotiation;
  readonly #maxMessageSize: number;
  readonly #certificate: Promise<RTCCertificate>;
  readonly #sessionId: string;
  readonly #tlsId: string;
  #sessionVersion = 0;
  #credentials: IceCredentials | undefined = undefined;
  #ready: RTCCertificate | undefined = undefined;

  /** Without a certificate one is made at once: it takes a while, and is long done when the first description needs it. */
  constructor(
    environment: Environment,
    negotiation: Negotiation,
    certificate: RTCCertificate | undefined,
    maxMessageSize: number = DEFAULT_MAX_MESSAGE_SIZE,
  ) {
    this.#environment = environment;
    this.#negotiation = negotiation;
    this.#maxMessageSize = maxMessageSize;
    this.#ready = certificate;
    this.#certificate =
      certificate === undefined
        ? generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' })
        : Promise.resolve(certificate);
    this.#certificate.then(
      (made) => {
        this.#ready = made;
      },
      () => {
        // Told to whoever asks for a description.
      },
    );
    const random = new Uint8Array(24);
    environment.crypto.random(random);
    this.#sessionId = (new DataView(random.buffer).getBigUint64(0) >> 1n).toString();
    this.#tlsId = Array.from(random.subarray(8), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  /** Our certificate; undefined until it is made, which it is once a description is. */
  get certificate(): ReturnType<typeof certificateOf> | undefined {
    return this.#ready === undefined ? undefined : certificateOf(this.#ready);
  }

  /** ICE credentials of the transport that does not exist yet. */
  get nextCredentials(): IceCredentials {
    this.#credentials ??= generateCredentials(this.#environment.crypto.random);
    return this.#credentials;
  }

  /** Forgets what was created: offer and answer are through, or taken back. */
  settle(): void {
    this.lastOffer = undefined;
    this.lastAnswer = undefined;
  }

  /** The transport is gone; another one gets other credentials. */
  forgetCredentials(): void {
    this.#credentials = undefined;
  }

  /** Throws InvalidStateError when no offer can be made. `data` asks for data channels, `restart` for new ICE credentials. */
  async makeOffer(wishes: () => OfferWishes): Promise<Made> {
    const { state } = this.#negotiation;
    if (state !== 'stable' && state !== 'have-local-offer')
      throw domError('InvalidStateError', `no offer can be made in ${state}`);
    await this.#certificate;
    const { transport, data, restart } = wishes();
    const { currentLocal } = this.#negotiation;
    const parameters = this.#parameters(transport, transport?.line !== undefined && restart);
    const session = makeOffer(parameters, currentLocal?.session, data || currentLocal?.data !== undefined);
    this.lastOffer = { session, text: serializeSdp(session) };
    return this.lastOffer;
  }

  /** Throws InvalidStateError when there is no offer to answer. */
  async makeAnswer(transportOf: () => PeerTransport | undefined): Promise<Made> {
    const { state, pendingRemote } = this.#negotiation;
    if ((state !== 'have-remote-offer' && state !== 'have-local-pranswer') || pendingRemote === undefined)
      throw domError('InvalidStateError', `no answer can be made in ${state}`);
    await this.#certificate;
    const transport = transportOf();
    const offered = remoteParameters(pendingRemote)?.credentials;
    const known = transport?.agent.remoteCredentials;
    // New credentials of the peer are a restart, to be answered with new ones (RFC 8445 §9).
    const restart =
      known !== undefined &&
      offered !== undefined &&
      (known.usernameFragment !== offered.usernameFragment || known.password !== offered.password);
    const role = transport?.connection?.role;
    const session = makeAnswer(this.#parameters(transport, restart), pendingRemote.session, role);
    this.lastAnswer = { session, text: serializeSdp(session) };
    return this.lastAnswer;
  }

  #parameters(transport: PeerTransport | undefined, restart: boolean): LocalParameters {
    const candidates = restart || transport?.line === undefined ? [] : transport.localCandidates;
    return {
      sessionId: this.#sessionId,
      sessionVersion: ++this.#sessionVersion,
      credentials: restart
        ? generateCredentials(this.#environment.crypto.random)
        : (transport?.agent.localCredentials ?? this.nextCredentials),
      fingerprints: this.certificate?.fingerprints() ?? [],
      tlsId: this.#tlsId,
      candidates: candidates.map(({ candidate }) => candidate),
      endOfCandidates: candidates.length > 0 && transport?.agent.gatheringState === 'complete',
      defaultAddress: defaultAddress(candidates),
      sctpPort: SCTP_PORT,
      maxMessageSize: this.#maxMessageSize,
    };
  }
}

/** What an offer should bring. */
export interface OfferWishes {
  readonly transport: PeerTransport | undefined;
  readonly data: boolean;
  readonly restart: boolean;
}
