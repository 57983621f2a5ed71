import { rootCertificates } from 'node:tls';
import { expect, it } from 'vitest';
import { platformRoots } from '../../src/relay/platform-roots.ts';

it('gives what the platform trusts, always the same list', async () => {
  const roots = await platformRoots();
  expect(roots.length).toBeGreaterThanOrEqual(rootCertificates.length);
  expect(roots.every((pem) => pem.includes('-----BEGIN CERTIFICATE-----'))).toBe(true);
  expect(await platformRoots()).toBe(roots);
  expect(Object.isFrozen(roots)).toBe(true);
});
