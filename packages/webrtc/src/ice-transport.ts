import type { IceGatheringState, IceState } from '@kaon/ice';
import { Construction } from './construction.ts';
import { type AnyEventHandler, type EventHandler, TypedEventTarget } from './events/event-target.ts';
import type { RTCIceCandidate } from './ice-candidate.ts';

/** Events of an ICE transport. */
export interface RTCIceTransportEventMap {
  statechange: Event;
  gatheringstatechange: Event;
  selectedcandidatepairchange: Event;
}

/** A local and a remote candidate (W3C WebRTC §5.6.4). */
export interface RTCIceCandidatePair {
  local: RTCIceCandidate;
  remote: RTCIceCandidate;
}

/** User name fragment and password of one side (W3C WebRTC §5.6.5). */
export interface RTCIceParameters {
  usernameFragment: string;
  password: string;
}

/** See `IceTransportInternals`. */
export let iceTransportInternals: IceTransportInternals;

/** The ICE transport of a connection (W3C WebRTC §5.6). */
export class RTCIceTransport extends TypedEventTarget<RTCIceTransportEventMap> {
  readonly #source: IceTransportSource;
  #state: IceState = 'new';
  #gatheringState: IceGatheringState = 'new';

  /** Transports are made by their connection. */
  constructor() {
    super();
    this.#source = construction.take();
  }

  get role(): 'controlling' | 'controlled' | 'unknown' {
    return this.#source.role();
  }

  get component(): 'rtp' {
    return 'rtp';
  }

  get state(): IceState {
    return this.#state;
  }

  get gatheringState(): IceGatheringState {
    return this.#gatheringState;
  }

  /** The candidates sent to the peer so far. */
  getLocalCandidates(): RTCIceCandidate[] {
    return [...this.#source.localCandidates()];
  }

  /** The candidates received by signaling so far. */
  getRemoteCandidates(): RTCIceCandidate[] {
    return [...this.#source.remoteCandidates()];
  }

  /** The pair that data travels on, or null. */
  getSelectedCandidatePair(): RTCIceCandidatePair | null {
    return this.#source.selectedPair();
  }

  getLocalParameters(): RTCIceParameters | null {
    return this.#source.localParameters();
  }

  getRemoteParameters(): RTCIceParameters | null {
    return this.#source.remoteParameters();
  }

  get onstatechange(): AnyEventHandler {
    return this.handler('statechange');
  }
  set onstatechange(handler: EventHandler<this, Event>) {
    this.setHandler('statechange', handler);
  }
  get ongatheringstatechange(): AnyEventHandler {
    return this.handler('gatheringstatechange');
  }
  set ongatheringstatechange(handler: EventHandler<this, Event>) {
    this.setHandler('gatheringstatechange', handler);
  }
  get onselectedcandidatepairchange(): AnyEventHandler {
    return this.handler('selectedcandidatepairchange');
  }
  set onselectedcandidatepairchange(handler: EventHandler<this, Event>) {
    this.setHandler('selectedcandidatepairchange', handler);
  }

  static {
    iceTransportInternals = {
      create: (source) => construction.make(RTCIceTransport, source),
      setState: (transport, state, silent) => {
        if (transport.#state === state || transport.#state === 'closed') return;
        transport.#state = state;
        if (!silent) transport.dispatchEvent(new Event('statechange'));
      },
      setGatheringState: (transport, state) => {
        if (transport.#gatheringState === state || transport.#state === 'closed') return;
        transport.#gatheringState = state;
        transport.dispatchEvent(new Event('gatheringstatechange'));
      },
      pairChanged: (transport) => void transport.dispatchEvent(new Event('selectedcandidatepairchange')),
    };
  }
}

/** Where an ICE transport looks things up. */
export interface IceTransportSource {
  role(): 'controlling' | 'controlled' | 'unknown';
  localCandidates(): readonly RTCIceCandidate[];
  remoteCandidates(): readonly RTCIceCandidate[];
  selectedPair(): RTCIceCandidatePair | null;
  localParameters(): RTCIceParameters | null;
  remoteParameters(): RTCIceParameters | null;
}

/** What the connection may do with its ICE transport and nobody else. */
export interface IceTransportInternals {
  create(source: IceTransportSource): RTCIceTransport;
  /** Fires `statechange` unless `silent`. `closed` is final. */
  setState(transport: RTCIceTransport, state: IceState, silent?: boolean): void;
  setGatheringState(transport: RTCIceTransport, state: IceGatheringState): void;
  pairChanged(transport: RTCIceTransport): void;
}

const construction = new Construction<IceTransportSource>();
