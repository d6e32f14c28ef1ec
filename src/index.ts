// The library's front door: one function, plain objects, no framework.

export { type AuthorizationServer, createAuthorizationServer } from './composition/authorization-server.ts'
export { type AuthorizationServerSettings, CannotStart, type StartObstacle } from './composition/settings.ts'
export type { HttpReply, HttpRequest } from './http/message.ts'
export { createLog, type Log } from './platform/log.ts'
export { openPostgres as postgres } from './store/database/postgres/postgres-driver.ts'
export { openSqlite as sqlite } from './store/database/sqlite/sqlite-driver.ts'
