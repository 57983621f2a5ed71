import type { ApplicationDefined } from './application-defined.ts';
import type { CongestionFeedback } from './congestion-feedback.ts';
import type { ExtendedReport } from './extended-report.ts';
import type { FullIntraRequest } from './full-intra-request.ts';
import type { GenericNack } from './generic-nack.ts';
import type { Goodbye } from './goodbye.ts';
import type { MaxBitrateNotification, MaxBitrateRequest } from './max-bitrate.ts';
import type { PictureLossIndication } from './picture-loss.ts';
import type { ReferencePictureSelection } from './reference-picture.ts';
import type { ReceiverEstimatedMaxBitrate } from './remb.ts';
import type { ReceiverReport, SenderReport } from './reports.ts';
import type { SliceLossIndication } from './slice-loss.ts';
import type { SourceDescription } from './source-description.ts';
import type { TransportFeedback } from './transport-feedback.ts';
import type { MalformedRtcp, UnknownRtcp } from './unknown.ts';

/** Any RTCP packet, told apart by `type`. */
export type RtcpPacket =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Goodbye
  | ApplicationDefined
  | GenericNack
  | MaxBitrateRequest
  | MaxBitrateNotification
  | TransportFeedback
  | CongestionFeedback
  | PictureLossIndication
  | SliceLossIndication
  | ReferencePictureSelection
  | FullIntraRequest
  | ReceiverEstimatedMaxBitrate
  | ExtendedReport
  | UnknownRtcp
  | MalformedRtcp;
