import type { GroupName, KeyAgreement } from '@kaon/interface/crypto/v1';
import { x25519 } from '@noble/curves/ed25519.js';
import { p256, p384 } from '@noble/curves/nist.js';

/** A fresh ephemeral key pair (RFC 7748, RFC 8422 §5.11). */
export function ephemeralKeys(group: GroupName): KeyAgreement {
  return group === 'X25519' ? x25519Keys() : ecdhKeys(group === 'P-256' ? p256 : p384);
}

function x25519Keys(): KeyAgreement {
  const secret = x25519.utils.randomSecretKey();
  return {
    publicKey: x25519.getPublicKey(secret),
    agree(peer: Uint8Array): Uint8Array | undefined {
      try {
        // Throws on an all-zero result, as RFC 8422 §5.11 demands.
        return peer.length === 32 ? x25519.getSharedSecret(secret, peer) : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

function ecdhKeys(curve: typeof p256): KeyAgreement {
  const secret = curve.utils.randomSecretKey();
  const publicKey = curve.getPublicKey(secret, false);
  return {
    publicKey,
    agree(peer: Uint8Array): Uint8Array | undefined {
      if (peer.length !== publicKey.length || peer[0] !== 4) return undefined;
      try {
        // The x-coordinate is the secret (RFC 8422 §5.10); the library checks that the point is on the curve.
        return curve.getSharedSecret(secret, peer, true).slice(1);
      } catch {
        return undefined;
      }
    },
  };
}
