import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  dataSection,
  decodeSdp,
  parseSdp,
  readFingerprints,
  readSctpPort,
  readSetup,
  serializeSdp,
  sessionDescription,
} from '../src/index.ts';

it('the example of the README', () => {
  const offer = sessionDescription({
    sessionId: String(randomInt(2 ** 47)),
    sessionVersion: 1,
    bundle: ['0'],
    media: [
      dataSection({
        mid: '0',
        maxMessageSize: 262144,
        transport: {
          usernameFragment: 'nFg2',
          password: 'LePJEa5IYBXX9hcinz25yFMs',
          fingerprints: [{ algorithm: 'sha-256', value: '39:EE:FF:45' }],
          setup: 'actpass',
        },
      }),
    ],
  });
  const session = parseSdp(serializeSdp(offer));
  const media = session.media[0]!;
  expect([readSetup(session, media), readSctpPort(media), readFingerprints(session, media)]).toEqual([
    'actpass',
    5000,
    [{ algorithm: 'sha-256', value: '39:EE:FF:45' }],
  ]);
  expect(decodeSdp('v=0\r\no=nonsense\r\n')).toMatchObject({ malformed: true, line: 2, text: 'o=nonsense' });
});
