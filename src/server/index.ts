// What may stand at the edge is decided by the table; the floor above sees that through this one.
export {
  delayMsMax,
  holdMsMin,
  kindOf,
  listMax,
  metadataBytesMax,
  partsMax,
  permitsMax,
  ttlMsMax,
  ttlMsMin,
  utf8Length,
  validateActor,
  validateMetadata,
  validateName,
  validateOwner,
  validateReason,
  validateText,
  valueBytesMax,
} from '../table/index.ts';
export {
  type ClientMessage,
  type ClusterView,
  clientTuple,
  type ServerMessage,
  serverTuple,
} from './client-protocol.ts';
export { Health, type HealthOptions } from './health.ts';
export { LockService, type LockServiceOptions } from './lock-service.ts';
export { messagesOf, Outlet } from './outlet.ts';
export { type BadMessage, parseClientMessage, parseServerMessage } from './parse-message.ts';
