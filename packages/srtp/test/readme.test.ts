import { expect, it } from 'vitest';
import { exporterLength, keysFromExporter, SRTP_PROFILES, SrtpSession } from '../src/index.ts';

it('two sides with the same exported bytes understand each other, as in the example of the README', () => {
  const profile = SRTP_PROFILES.AEAD_AES_128_GCM;
  const material = Uint8Array.from({ length: exporterLength(profile) }, (_, i) => i);
  const alice = new SrtpSession({ profile, ...keysFromExporter(profile, material, 'client') });
  const bob = new SrtpSession({ profile, ...keysFromExporter(profile, material, 'server') });
  const packet = Uint8Array.of(0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4);
  const buffer = new Uint8Array(1500);
  buffer.set(packet);
  const sealedEnd = alice.protectRtp(buffer, 0, packet.length);
  expect(buffer.slice(12, packet.length)).not.toEqual(packet.slice(12));
  const end = bob.unprotectRtp(buffer, 0, sealedEnd);
  expect(buffer.slice(0, end)).toEqual(packet);
});
