import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { SrtpCrypto } from '../src/index.ts';

/** SRTP's primitives by OpenSSL in the plainest way, to hold the portable ones against. */
export const nodeReference: SrtpCrypto = {
  aead: (name, key) => {
    const cipher = name === 'AES-128-GCM' ? 'aes-128-gcm' : 'aes-256-gcm';
    const own = key.slice();
    return {
      tagLength: 16,
      seal(nonce, aad, buffer, start, end) {
        const sealing = createCipheriv(cipher, own, nonce);
        sealing.setAAD(aad);
        buffer.set(sealing.update(buffer.slice(start, end)), start);
        sealing.final();
        buffer.set(sealing.getAuthTag(), end);
        return end + 16;
      },
      open(nonce, aad, buffer, start, end) {
        if (end - start < 16) return -1;
        const opening = createDecipheriv(cipher, own, nonce, { authTagLength: 16 });
        opening.setAAD(aad);
        opening.setAuthTag(buffer.slice(end - 16, end));
        const text = opening.update(buffer.slice(start, end - 16));
        try {
          opening.final();
        } catch {
          return -1;
        }
        buffer.set(text, start);
        return end - 16;
      },
    };
  },
  mac: (_hash, key) => {
    const own = key.slice();
    return {
      length: 20,
      sign(out, ...parts) {
        const hmac = createHmac('sha1', own);
        for (const part of parts) hmac.update(part);
        out.set(hmac.digest());
      },
      signRange(out, buffer, start, end) {
        this.sign(out, buffer.subarray(start, end));
      },
    };
  },
  counterMode: (key) => {
    const own = key.slice();
    return {
      apply(counter, buffer, start, end) {
        const cipher = createCipheriv(own.length === 16 ? 'aes-128-ctr' : 'aes-256-ctr', own, counter);
        buffer.set(cipher.update(buffer.slice(start, end)), start);
      },
    };
  },
};
