import type { Instant } from '@kaon/interface/core/v1';
import type { CryptoProvider, Mac } from '@kaon/interface/crypto/v1';
import { type Attribute, encodeMessage, METHOD, type StunClass, shortTermKey } from '@kaon/stun';
import { checkCredentials, type IceCredentials } from '../credentials.ts';
import { IceError } from '../errors.ts';
import type { ResolvedOptions } from '../options.ts';
import { Checklist } from './checklist.ts';
import { RemoteCandidates } from './remote-candidates.ts';

/** Everything that a restart begins anew (RFC 8445 §9): credentials, remote candidates and the check list. */
export class Generation {
  readonly local: IceCredentials;
  readonly localMac: Mac;
  readonly checklist: Checklist;
  readonly remotes: RemoteCandidates;
  /** The peer has no more candidates. */
  remoteEnded = false;
  /** When checks could begin: from then on patience runs (RFC 8863 §4). */
  startedAt: Instant = Number.POSITIVE_INFINITY;
  /** Begun by new remote credentials, before the local side restarted. */
  readonly byPeer: boolean;
  readonly #crypto: Pick<CryptoProvider, 'mac'>;
  #remote: IceCredentials | undefined;
  #remoteMac: Mac | undefined;

  constructor(local: IceCredentials, crypto: Pick<CryptoProvider, 'mac'>, options: ResolvedOptions, byPeer = false) {
    this.local = local;
    this.byPeer = byPeer;
    this.#crypto = crypto;
    this.localMac = crypto.mac('SHA-1', shortTermKey(local.password));
    this.checklist = new Checklist(options.maxCandidatePairs);
    this.remotes = new RemoteCandidates(options);
  }

  get remote(): IceCredentials | undefined {
    return this.#remote;
  }

  get remoteMac(): Mac | undefined {
    return this.#remoteMac;
  }

  /** Throws IceError `ICE_BAD_CREDENTIALS`, and changes nothing then. */
  setRemote(remote: IceCredentials, now: Instant): void {
    checkCredentials(remote);
    if (remote.usernameFragment.length + this.local.usernameFragment.length > MAX_FRAGMENTS) {
      throw new IceError('ICE_BAD_CREDENTIALS', 'the two username fragments do not fit a USERNAME attribute together');
    }
    this.#remote = remote;
    this.#remoteMac = this.#crypto.mac('SHA-1', shortTermKey(remote.password));
    if (this.startedAt === Number.POSITIVE_INFINITY) this.startedAt = now;
  }

  /** A Binding request as the peer wants it (RFC 8445 §7.1, §7.2.2). Remote credentials must be known. */
  request(transactionId: Uint8Array, attributes: readonly Attribute[]): Uint8Array {
    const username = `${this.#remote?.usernameFragment}:${this.local.usernameFragment}`;
    return encodeMessage(
      {
        class: 'request',
        method: METHOD.Binding,
        transactionId,
        attributes: [{ type: 'username', username }, ...attributes],
      },
      { integrity: this.#remoteMac, fingerprint: true },
    );
  }

  /** An answer to the peer, under our own password (RFC 8489 §9.1.4). */
  response(cls: StunClass, transactionId: Uint8Array, attributes: readonly Attribute[]): Uint8Array {
    return encodeMessage(
      { class: cls, method: METHOD.Binding, transactionId, attributes },
      { integrity: this.localMac, fingerprint: true },
    );
  }
}

/** 508 bytes of USERNAME (RFC 8489 §14.3) less the colon. */
const MAX_FRAGMENTS = 507;
