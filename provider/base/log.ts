// Where messages for the user go. The adapters decide what becomes of them; nobody else prints.

export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

export const silentLog: Log = { debug() {}, info() {}, warn() {} };
