export { createMcp } from './handler.ts'
export type { From, McpTool } from './tool.ts'
