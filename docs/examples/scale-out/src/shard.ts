/** One of the shards: its connections are in this thread, on the port that all share. */
import { ShardRouter, shardPrefix } from '@kaon/ice/mux';
import { joinShards } from '@kaon/runtime/node';
import { RTCPeerConnection, UdpMux } from '@kaon/webrtc';
import type { Answer, Question } from './messages.ts';

const shard = await joinShards({ router: (count) => new ShardRouter(count) });
const udpMux = UdpMux.over(shard.sockets, { usernameFragmentPrefix: shardPrefix(shard.index) });
const connections = new Set<RTCPeerConnection>();

shard.onmessage = (message) => {
  const { id, offer } = message as Question;
  const answered = (answer: Omit<Answer, 'id'>): void => shard.post({ id, ...answer });
  answer(offer).then(
    (sdp) => answered({ sdp }),
    (error: unknown) => answered({ error: String(error) }),
  );
};

shard.onstop = () => {
  for (const connection of connections) connection.close();
  udpMux.close();
};

async function answer(offer: string): Promise<string> {
  const connection = new RTCPeerConnection({ kaon: { udpMux, tcpCandidates: [] } });
  connections.add(connection);
  connection.onconnectionstatechange = () => {
    if (connection.connectionState !== 'failed' && connection.connectionState !== 'disconnected') return;
    connection.close();
    connections.delete(connection);
  };
  connection.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => channel.send(`${data} (shard ${shard.index})`);
  };
  try {
    await connection.setRemoteDescription({ type: 'offer', sdp: offer });
    await connection.setLocalDescription();
    if (connection.iceGatheringState !== 'complete') {
      await new Promise<void>((resolve) => {
        connection.onicegatheringstatechange = () => {
          if (connection.iceGatheringState === 'complete') resolve();
        };
      });
    }
    return connection.localDescription?.sdp ?? '';
  } catch (error) {
    connection.close();
    connections.delete(connection);
    throw error;
  }
}
