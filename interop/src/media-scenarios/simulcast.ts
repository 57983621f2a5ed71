import assert from 'node:assert/strict';
import type { Listener } from '../listener.ts';
import type { MediaContext, MediaScenario } from '../media-scenario.ts';
import { keyFrameOnRequest } from './codecs.ts';

/** Largest last, as Chromium orders them. */
const LAYERS = [
  { rid: 'q', scaleResolutionDownBy: 4 },
  { rid: 'h', scaleResolutionDownBy: 2 },
  { rid: 'f', scaleResolutionDownBy: 1 },
];

/** A call by which the peer sends three layers. A browser's simulcast needs an offer of its own. */
async function publish({ call: begin, role }: MediaContext): Promise<Awaited<ReturnType<typeof begin>>> {
  const call = await begin();
  if (role === 'offers') {
    call.pc.createDataChannel('first');
    await call.connect();
  }
  await call.media.send('layers', 'video', { content: 'large', layers: LAYERS });
  await call.connect('peer');
  return call;
}

/** Waits for frames of each layer: a browser begins with the small ones. */
async function allLayers(listener: Listener): Promise<void> {
  const rids = LAYERS.map(({ rid }) => rid);
  await listener.until(
    'frames of each layer',
    ({ layers }) => rids.every((rid) => (layers.get(rid) ?? 0) >= 5),
    20_000,
  );
}

const simulcast: MediaScenario = {
  id: 'simulcast',
  title: 'simulcast of three layers received, key frame of each',
  async run(context) {
    const call = await publish(context);
    const listener = call.listen('video');
    const rids = LAYERS.map(({ rid }) => rid);
    await listener.until(
      'frames of each layer',
      ({ layers }) => rids.every((rid) => (layers.get(rid) ?? 0) >= 5),
      20_000,
    );
    assert.equal(listener.ssrcs.size, 3);
    await keyFrameOnRequest(listener, 'q');
    assert.equal(listener.receiver.counters.malformed, 0);
    // A layer that the peer pauses goes quiet, and the others do not.
    await call.media.setLayers('layers', [{ rid: 'f', active: false }]);
    let [last, since] = [-1, 0];
    await listener.until('a pause of the largest layer', ({ layers }) => {
      const [largest = 0, smallest = 0] = [layers.get('f'), layers.get('q')];
      if (largest !== last) [last, since] = [largest, smallest];
      return smallest > since + 10;
    });
  },
};

const switching: MediaScenario = {
  id: 'layer-switching',
  title: 'layers of a simulcast switched for a viewer, without a break',
  async run(context) {
    const { call: begin, role } = context;
    const publisher = await publish(context);
    await allLayers(publisher.listen('video'));
    const viewer = await begin();
    if (role === 'answers') await viewer.media.receive('video');
    const sender = viewer.forward(publisher.listen('video').receiver.track);
    sender.selectLayer('q');
    await viewer.connect();
    const widths: number[] = [];
    for (const rid of ['q', 'f', 'h', 'q', 'f']) {
      sender.selectLayer(rid);
      const scale = LAYERS.find((layer) => layer.rid === rid)?.scaleResolutionDownBy ?? 1;
      const { inbound } = await viewer.media.until(
        `layer ${rid}`,
        ({ inbound: [stream] }) => Math.abs((stream?.frameWidth ?? 0) - 960 / scale) <= 4,
        15_000,
      );
      widths.push(inbound[0]?.frameWidth ?? 0);
      await viewer.media.decodes('video', 5);
      assert.equal(sender.activeLayer, rid);
    }
    const { inbound } = await viewer.media.facts();
    assert.equal(inbound.length, 1, 'one stream all along');
    assert.equal(inbound[0]?.packetsLost ?? 0, 0);
  },
};

export const simulcastScenarios: readonly MediaScenario[] = [simulcast, switching];
