/** A mistake in `relay.config.ts`, with whose name it begins: whoever prints it need not say what it is about. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(fault: string, options?: ErrorOptions) {
    super(`relay.config.ts${fault}`, options);
  }
}
