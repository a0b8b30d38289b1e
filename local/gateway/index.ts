export { startGateway } from './start-gateway.js';
export type { Gateway, GatewayOptions, GatewayServices } from './start-gateway.js';
export type { JobFault } from './job-fault.js';
export type { InterceptedCall, Interceptor } from './interception.js';
