import type { Aead, CounterMode, Mac } from '@kaon/interface/crypto/v1';
import { portableCrypto, type SrtpCrypto } from './crypto.ts';
import { HeaderEncryption } from './header-encryption.ts';
import { deriveKey, LABEL } from './key-derivation.ts';
import type { SrtpMasterKey } from './options.ts';
import type { SrtpProfile } from './profiles.ts';

/** What packets of one protocol, RTP or RTCP, are protected with under one master key. */
export interface PacketKeys {
  readonly aead: Aead | undefined;
  readonly counterMode: CounterMode | undefined;
  readonly mac: Mac | undefined;
  /** 12 bytes for an AEAD, 14 for AES-CM. */
  readonly salt: Uint8Array;
  /** Packets that were protected, or found authentic, with these keys. */
  packets: number;
}

/** All keys that come of one master key (RFC 3711 §4.3). */
export class SessionKeys {
  readonly mki: Uint8Array;
  readonly rtp: PacketKeys;
  readonly rtcp: PacketKeys;
  readonly header: HeaderEncryption | undefined;
  readonly headerSalt: Uint8Array;

  constructor(master: SrtpMasterKey, profile: SrtpProfile, crypto: SrtpCrypto, encryptedExtensions: readonly number[]) {
    this.mki = master.mki.slice();
    const keyed = counterModeOf(crypto, master.key);
    const derive = (label: number, length: number): Uint8Array => deriveKey(keyed, master.salt, label, length);
    const packetKeys = (encryption: number, authentication: number, salt: number): PacketKeys => {
      const { aead, encrypts, keyLength, saltLength } = profile;
      return {
        aead: aead === undefined ? undefined : crypto.aead(aead, derive(encryption, keyLength)),
        counterMode: aead === undefined && encrypts ? counterModeOf(crypto, derive(encryption, keyLength)) : undefined,
        mac: aead === undefined ? crypto.mac('SHA-1', derive(authentication, 20)) : undefined,
        salt: derive(salt, saltLength),
        packets: 0,
      };
    };
    this.rtp = packetKeys(LABEL.rtpEncryption, LABEL.rtpAuthentication, LABEL.rtpSalt);
    this.rtcp = packetKeys(LABEL.rtcpEncryption, LABEL.rtcpAuthentication, LABEL.rtcpSalt);
    this.header =
      encryptedExtensions.length === 0
        ? undefined
        : new HeaderEncryption(
            counterModeOf(crypto, derive(LABEL.headerEncryption, profile.keyLength)),
            encryptedExtensions,
          );
    // Header extensions are encrypted by AES-CM whatever the profile (RFC 6904 §3.2), with a salt of 14 bytes.
    this.headerSalt = derive(LABEL.headerSalt, 14);
    keyed.dispose?.();
  }

  dispose(): void {
    for (const { aead, counterMode } of [this.rtp, this.rtcp]) {
      aead?.dispose?.();
      counterMode?.dispose?.();
    }
    this.header?.dispose();
  }
}

function counterModeOf(crypto: SrtpCrypto, key: Uint8Array): CounterMode {
  return crypto.counterMode === undefined ? portableCrypto.counterMode(key) : crypto.counterMode(key);
}
