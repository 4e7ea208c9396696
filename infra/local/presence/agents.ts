export interface Agent {
  send(frame: object): void;
}

/** Who is watching which visitor. */
export class Agents {
  readonly #watching = new Map<string, Set<Agent>>();

  watch(groupid: number, visitorid: string, agent: Agent): void {
    const key = `${groupid}/${visitorid}`;
    this.#watching.set(key, (this.#watching.get(key) ?? new Set()).add(agent));
  }

  unwatch(groupid: number, visitorid: string, agent: Agent): void {
    const key = `${groupid}/${visitorid}`;
    const agents = this.#watching.get(key);
    agents?.delete(agent);
    if (agents?.size === 0) this.#watching.delete(key);
  }

  tell(groupid: number, visitorid: string, frame: object): void {
    for (const agent of this.#watching.get(`${groupid}/${visitorid}`) ?? []) agent.send(frame);
  }
}
