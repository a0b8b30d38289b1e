export { FaultInjector } from './fault-injector.js';
export type { InjectedFault } from './fault-injector.js';
export type { Fault, FaultInput, FaultKind } from './fault-script.js';
export { FaultScriptError, parseFaultScript, readFaultScript } from './parse-faults.js';
export type { FaultScriptProblem } from './parse-faults.js';
