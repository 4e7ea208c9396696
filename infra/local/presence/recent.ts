/** The last so many items, oldest first. */
export class Recent<Item> {
  readonly #limit: number;
  #items: Item[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(item: Item): void {
    this.#items.push(item);
    // Dropping half of it now and then costs less than shifting every time.
    if (this.#items.length >= 2 * this.#limit) this.#items = this.list();
  }

  list(): Item[] {
    return this.#items.slice(-this.#limit);
  }

  clear(): void {
    this.#items = [];
  }
}
