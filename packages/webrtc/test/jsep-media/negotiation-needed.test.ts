import type { Direction } from '@kaon/sdp';
import { describe, expect, it } from 'vitest';
import { makeMediaSection } from '../../src/jsep/media/make-section.ts';
import { negotiationNeededFor, type TransceiverFacts } from '../../src/jsep/media/negotiation-needed.ts';
import type { LocalMedia, RemoteMedia } from '../../src/jsep/media/types.ts';
import { local, mediaOf, sessionOf } from './helpers.ts';

const written = (init: Partial<LocalMedia>): RemoteMedia =>
  mediaOf(sessionOf(makeMediaSection(local(init))))[0] as RemoteMedia;
const transceiver = (init: Partial<TransceiverFacts> = {}): TransceiverFacts => ({
  stopping: false,
  stopped: false,
  direction: 'sendrecv',
  streamIds: ['s'],
  ...init,
});

describe('a transceiver needs an offer', () => {
  it('when it has no section yet', () => {
    expect(negotiationNeededFor(transceiver(), undefined, undefined, 'offer')).toBe(true);
  });

  it('when it is to stop, and until its section is refused by either side', () => {
    const [section, refused] = [written({}), written({ rejected: true })];
    expect(negotiationNeededFor(transceiver({ stopping: true }), section, section, 'offer')).toBe(true);
    const stopped = transceiver({ stopping: true, stopped: true });
    expect(negotiationNeededFor(stopped, section, section, 'offer')).toBe(true);
    expect(negotiationNeededFor(stopped, section, refused, 'offer')).toBe(false);
    expect(negotiationNeededFor(stopped, refused, section, 'answer')).toBe(false);
    expect(negotiationNeededFor(stopped, undefined, undefined, 'offer')).toBe(false);
  });

  it('when its streams are others than in its section', () => {
    const section = written({ streamIds: ['a', 'b'] });
    const needed = (...streamIds: string[]) =>
      negotiationNeededFor(transceiver({ streamIds }), section, section, 'offer');
    expect(needed('b', 'a')).toBe(false);
    expect(needed('a')).toBe(true);
    expect(needed('a', 'c')).toBe(true);
    expect(needed()).toBe(true);
    const none = written({ streamIds: [] });
    expect(negotiationNeededFor(transceiver({ streamIds: [] }), none, none, 'offer')).toBe(false);
  });

  it('when it begins to send, though its streams are none', () => {
    const [ours, theirs] = [written({ direction: 'recvonly' }), written({ direction: 'sendonly' })];
    expect(negotiationNeededFor(transceiver({ streamIds: [] }), ours, theirs, 'offer')).toBe(true);
  });

  it.each([
    // ours, theirs, wanted: the offer's or the answer's direction has to match.
    ['sendrecv', 'sendrecv', 'sendrecv', false],
    ['sendrecv', 'recvonly', 'sendonly', false],
    ['sendrecv', 'recvonly', 'sendrecv', false],
    ['sendrecv', 'sendrecv', 'sendonly', true],
    ['sendrecv', 'sendrecv', 'inactive', true],
    ['recvonly', 'inactive', 'inactive', false],
    ['recvonly', 'sendonly', 'inactive', true],
  ] as const)('after our offer %s and the answer %s, %s is wanted: %s', (ours, theirs, direction, expected) => {
    expect(
      negotiationNeededFor(
        transceiver({ direction }),
        written({ direction: ours }),
        written({ direction: theirs }),
        'offer',
      ),
    ).toBe(expected);
  });

  it.each([
    // ours is the answer: it has to be what the offer leaves of the wish.
    ['sendrecv', 'sendrecv', 'sendrecv', false],
    ['recvonly', 'sendonly', 'sendrecv', false],
    ['recvonly', 'sendonly', 'recvonly', false],
    ['recvonly', 'sendrecv', 'sendrecv', true],
    ['inactive', 'sendonly', 'recvonly', true],
    ['inactive', 'inactive', 'sendrecv', false],
  ] as const)(
    'after our answer %s to the offer %s, %s is wanted: %s',
    (ours, theirs, direction: Direction, expected) => {
      expect(
        negotiationNeededFor(
          transceiver({ direction }),
          written({ direction: ours }),
          written({ direction: theirs }),
          'answer',
        ),
      ).toBe(expected);
    },
  );
});
