import type { IceCredentials } from '@kaon/ice';
import {
  isDataSection,
  isRejected,
  type MediaDescription,
  readGroups,
  readMid,
  type SessionDescription,
  type Setup,
  serializeSdp,
} from '@kaon/sdp';
import { certificateOf, generateCertificate, type RTCCertificate } from '../certificate.ts';
import type { Configuration } from '../configuration.ts';
import type { Environment } from '../environment.ts';
import { domError } from '../errors.ts';
import { newCredentials } from '../transport/credentials.ts';
import { DEFAULT_MAX_MESSAGE_SIZE, type PeerTransport, SCTP_PORT } from '../transport/peer-transport.ts';
import type { TransportSet } from '../transport/transport-set.ts';
import { defaultAddress } from './candidates.ts';
import { dataIndex, midOf } from './description.ts';
import type { Negotiation } from './negotiation.ts';
import {
  answerSetup,
  dataPlan,
  describe,
  groupOf,
  type SectionPlan,
  type SectionTransport,
  sectionOf,
} from './offer-answer.ts';
import { remoteParameters } from './remote-parameters.ts';
import { bundleAllows, planOffer } from './transport-plan.ts';

/** A description of ours as it was created. */
export interface Made {
  readonly text: string;
  readonly session: SessionDescription;
  /** Applied together with it. */
  readonly media: MediaPlan;
}

/** The media sections of a description in the making. */
export interface MediaPlan {
  /** By index; undefined where there is no media section that is used. Behind those of before: new ones. */
  readonly sections: readonly (SectionPlan | undefined)[];
}

/** Who knows what media sections there are to be: the transceivers. */
export interface MediaPlanner {
  /**
   * Sections of an offer. `before` is what stands in each place, `free` tells which places may be taken again, `newMid`
   * gives unused names.
   */
  offer(before: readonly MediaDescription[], free: (index: number) => boolean, newMid: () => string): MediaPlan;
  /** Sections of an answer. */
  answer(offer: SessionDescription): MediaPlan;
}

/** What an offer should bring. */
export interface OfferWishes {
  readonly data: boolean;
  /** Whether a transport is to get new credentials, by its present user name fragment. */
  restarts(usernameFragment: string): boolean;
}

/** What a section is to show of its transport. */
interface SectionTransportWish {
  /** Mid of the section that the transport is made for. */
  readonly owner: string;
  /** Undefined: it does not exist yet. */
  readonly transport?: PeerTransport | undefined;
  /** The one whose place a new one takes. */
  readonly follows?: PeerTransport | undefined;
  readonly restart?: boolean;
  readonly setup: Setup;
  readonly bundleOnly: boolean;
}

/** Makes this side's offers and answers, with what stays the same in all of them. */
export class OwnDescriptions {
  /** What `setLocalDescription` may take. */
  lastOffer: Made | undefined = undefined;
  lastAnswer: Made | undefined = undefined;
  readonly #environment: Environment;
  readonly #configuration: () => Configuration;
  readonly #negotiation: Negotiation;
  readonly #transports: TransportSet;
  readonly #media: MediaPlanner;
  readonly #certificate: Promise<RTCCertificate>;
  readonly #sessionId: string;
  #sessionVersion = 0;
  #ready: RTCCertificate | undefined = undefined;

  /** Without a certificate one is made at once: it takes a while, and is long done when the first description needs it. */
  constructor(
    environment: Environment,
    configuration: () => Configuration,
    negotiation: Negotiation,
    transports: TransportSet,
    media: MediaPlanner,
  ) {
    this.#environment = environment;
    this.#configuration = configuration;
    this.#negotiation = negotiation;
    this.#transports = transports;
    this.#media = media;
    const certificate = configuration().certificates[0];
    this.#ready = certificate;
    this.#certificate =
      certificate === undefined
        ? generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' }, environment.crypto)
        : Promise.resolve(certificate);
    this.#certificate.then(
      (made) => {
        this.#ready = made;
      },
      () => {
        // Told to whoever asks for a description.
      },
    );
    const random = new Uint8Array(8);
    environment.crypto.random(random);
    this.#sessionId = (new DataView(random.buffer).getBigUint64(0) >> 1n).toString();
  }

  /** Our certificate; undefined until it is made, which it is once a description is. */
  get certificate(): ReturnType<typeof certificateOf> | undefined {
    return this.#ready === undefined ? undefined : certificateOf(this.#ready);
  }

  /** Forgets what was created: offer and answer are through, or taken back. */
  settle(): void {
    this.lastOffer = undefined;
    this.lastAnswer = undefined;
  }

  /** Throws InvalidStateError when no offer can be made. */
  async makeOffer(wishes: () => OfferWishes): Promise<Made> {
    const { state } = this.#negotiation;
    if (state !== 'stable' && state !== 'have-local-offer')
      throw domError('InvalidStateError', `no offer can be made in ${state}`);
    await this.#certificate;
    const { data, restarts } = wishes();
    const { currentLocal, local } = this.#negotiation;
    const before = local?.session.media ?? [];
    const agreed = currentLocal?.session.media ?? [];
    // Some peers would begin another transport under a section that comes to stand first.
    const first = this.#transports.areBoundToSections ? before.findIndex((media) => !isRejected(media)) : -1;
    const isFree = (index: number): boolean =>
      index > first &&
      [before[index], agreed[index]].every((media) => media !== undefined && media.port === 0 && isRejected(media));
    const { media, plans } = this.#planOffer(before, isFree, data);
    const used = plans.flatMap(({ kind, mid, make }) =>
      make === undefined || mid === undefined
        ? []
        : [{ mid, kind, agreed: this.#transports.stableOf(mid) !== undefined }],
    );
    const answer = currentLocal?.type === 'offer' ? this.#negotiation.currentRemote : currentLocal;
    const bundled = answer === undefined ? [] : readGroups(answer.session, 'BUNDLE').flatMap(({ mids }) => mids);
    const { shares, bundle } = planOffer(used, this.#configuration().bundlePolicy, bundled);
    const shown = this.#sectionTransports();
    const sections = plans.map((plan) => {
      const share = plan.mid === undefined ? undefined : shares.get(plan.mid);
      if (share === undefined) return sectionOf(plan, undefined);
      const before = this.#transports.of(share.owner);
      const carrier = bundled.includes(share.owner) ? (bundle[0] ?? share.owner) : share.owner;
      if (before !== undefined && this.#transports.endsUnder(before, carrier)) {
        const follows = restarts(before.agent.localCredentials.usernameFragment) ? undefined : before;
        const { bundleOnly } = share;
        return sectionOf(plan, shown({ owner: carrier, follows, setup: 'actpass', bundleOnly }));
      }
      const restart = before?.line !== undefined && restarts(before.agent.localCredentials.usernameFragment);
      return sectionOf(
        plan,
        shown({ owner: share.owner, transport: before, restart, setup: 'actpass', bundleOnly: share.bundleOnly }),
      );
    });
    this.lastOffer = this.#finish(sections, [bundle], media);
    return this.lastOffer;
  }

  /** Throws InvalidStateError when there is no offer to answer. */
  async makeAnswer(): Promise<Made> {
    const { state, pendingRemote } = this.#negotiation;
    if ((state !== 'have-remote-offer' && state !== 'have-local-pranswer') || pendingRemote === undefined)
      throw domError('InvalidStateError', `no answer can be made in ${state}`);
    await this.#certificate;
    const offer = pendingRemote.session;
    const media = this.#media.answer(offer);
    const plans = this.#planAnswer(offer, media);
    const used = new Set(plans.flatMap(({ make, mid }) => (make === undefined || mid === undefined ? [] : mid)));
    const shown = this.#sectionTransports();
    const sections = plans.map((plan, index) => {
      if (plan.make === undefined) return sectionOf(plan, undefined);
      const mids = groupOf(offer, plan.mid)?.filter((mid) => used.has(mid));
      const owner = mids?.[0] ?? midOf(offer.media[index] as MediaDescription, index);
      const known = (mids ?? [owner]).map((mid) => this.#transports.of(mid)).find((one) => one !== undefined);
      const ends = known !== undefined && this.#transports.endsUnder(known, owner);
      const transport = ends ? undefined : known;
      const at = mids === undefined ? index : pendingRemote.indexOf(owner);
      // New credentials of the peer are a restart, to be answered with new ones (RFC 8445 §9).
      const offered = remoteParameters(pendingRemote, at)?.credentials;
      const restart = isOther(known?.agent.remoteCredentials, offered);
      const setup = answerSetup(offer, offer.media[at] as MediaDescription, transport?.connection?.role);
      return sectionOf(
        plan,
        shown({ owner, transport, follows: ends && !restart ? known : undefined, restart, setup, bundleOnly: false }),
      );
    });
    const bundles = readGroups(offer, 'BUNDLE').map(({ mids }) => mids.filter((mid) => used.has(mid)));
    this.lastAnswer = this.#finish(sections, bundles, media);
    return this.lastAnswer;
  }

  #planOffer(
    before: readonly MediaDescription[],
    isFree: (index: number) => boolean,
    data: boolean,
  ): { readonly media: MediaPlan; readonly plans: SectionPlan[] } {
    const mids = new Set(before.map((section, index) => midOf(section, index)));
    const newMid = (): string => {
      let mid = 0;
      while (mids.has(String(mid))) mid++;
      mids.add(String(mid));
      return String(mid);
    };
    const at = before.findIndex((section) => isDataSection(section) && !isRejected(section));
    // The place of a section that was refused may be taken again (RFC 8829 §5.2.2).
    const free = before.findIndex((section, index) => isDataSection(section) && isFree(index));
    const place = at >= 0 ? at : data ? free : -1;
    const media = this.#media.offer(before, (index) => index !== place && isFree(index), newMid);
    const plans = Array.from({ length: Math.max(before.length, media.sections.length) }, (_, index): SectionPlan => {
      const section = before[index];
      const planned = media.sections[index];
      if (planned !== undefined) return planned;
      const mid = section === undefined ? undefined : midOf(section, index);
      if (index !== place) return { kind: section?.kind ?? 'audio', mid, make: undefined, before: section };
      return dataPlan(index === at ? mid : newMid(), this.#dataParameters, undefined);
    });
    if (data && place < 0) plans.push(dataPlan(newMid(), this.#dataParameters, undefined));
    return { media, plans };
  }

  #planAnswer(offer: SessionDescription, media: MediaPlan): SectionPlan[] {
    const accepted = dataIndex(offer);
    const policy = this.#configuration().bundlePolicy;
    let first: { readonly mid: string | undefined; readonly group: readonly string[] | undefined } | undefined;
    const owners = new Set<unknown>();
    return offer.media.map((section, index) => {
      const mid = readMid(section);
      const plan = index === accepted ? dataPlan(mid, this.#dataParameters, section) : media.sections[index];
      const group = groupOf(offer, mid);
      const mayBeUsed =
        bundleAllows(policy, group, first, section.port === 0) &&
        (owners.size < MAX_TRANSPORTS || (group !== undefined && owners.has(group[0])));
      if (plan === undefined || !mayBeUsed) return { kind: section.kind, mid, make: undefined, before: section };
      owners.add(group?.[0] ?? index);
      first ??= { mid, group };
      return plan;
    });
  }

  /** What sections show of their transports: candidates stand in the first section of each. */
  #sectionTransports(): (wish: SectionTransportWish) => SectionTransport {
    const made = new Map<string, { readonly credentials: IceCredentials; readonly tlsId: string }>();
    const { kaon } = this.#configuration();
    return ({ owner, transport, follows, restart = false, setup, bundleOnly }) => {
      const key = transport === undefined ? `mid ${owner}` : transport.id;
      const isFirst = !made.has(key);
      const identity =
        made.get(key) ??
        (transport === undefined
          ? this.#transports.slot(owner, follows)
          : {
              tlsId: transport.tlsId,
              credentials: restart
                ? newCredentials(this.#environment, this.#configuration())
                : transport.agent.localCredentials,
            });
      made.set(key, identity);
      const candidates = !isFirst || restart || transport?.line === undefined ? [] : transport.localCandidates;
      const init = {
        ...identity.credentials,
        iceOptions: kaon.renomination ? ['trickle', 'ice2', 'renomination'] : ['trickle', 'ice2'],
        fingerprints: this.certificate?.fingerprints() ?? [],
        setup,
        candidates: candidates.map(({ candidate }) => candidate),
        endOfCandidates: candidates.length > 0 && transport?.agent.gatheringState === 'complete',
      };
      return { init, tlsId: identity.tlsId, defaultAddress: defaultAddress(candidates), bundleOnly };
    };
  }

  #finish(sections: readonly MediaDescription[], bundles: readonly (readonly string[])[], media: MediaPlan): Made {
    const { iceLite = false } = this.#configuration().kaon;
    const parameters = { sessionId: this.#sessionId, sessionVersion: ++this.#sessionVersion, iceLite };
    const session = describe(parameters, sections, bundles);
    return { session, text: serializeSdp(session), media };
  }

  get #dataParameters(): { readonly sctpPort: number; readonly maxMessageSize: number } {
    const { maxMessageSize = DEFAULT_MAX_MESSAGE_SIZE } = this.#configuration().kaon;
    return { sctpPort: SCTP_PORT, maxMessageSize };
  }
}

/** Sections of an offer that would need more transports are refused: each has sockets. */
const MAX_TRANSPORTS = 64;

function isOther(known: IceCredentials | undefined, offered: IceCredentials | undefined): boolean {
  if (known === undefined || offered === undefined) return false;
  return known.usernameFragment !== offered.usernameFragment || known.password !== offered.password;
}
