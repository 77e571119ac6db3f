/** SVG elements, made and kept by key: what stays in sight is moved, not made again. */

const NAMESPACE = "http://www.w3.org/2000/svg";
export type Attributes = Readonly<Record<string, string | number>>;

export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name, attributes: Attributes = {}, ...children: readonly (Node | string)[]
): SVGElementTagNameMap[Name] {
  const element = document.createElementNS(NAMESPACE, name);
  put(element, attributes);
  element.append(...children);
  return element;
}

export function put(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    const text = String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Elements by key: `draw` gives the elements that are wanted now, all others leave; `fresh`: those that stay are as they should be. */
export class Keyed<Item, Shape extends SVGElement> {
  private elements = new Map<string, Shape>();

  constructor(
    readonly parent: SVGElement,
    private readonly keyOf: (item: Item) => string,
    private readonly create: (item: Item) => Shape,
    private readonly update: (shape: Shape, item: Item) => void,
  ) {}

  draw(items: Iterable<Item>, fresh = false): void {
    const kept = new Map<string, Shape>();
    const made: Shape[] = [];
    for (const item of items) {
      let key = this.keyOf(item);
      while (kept.has(key)) key += "'";
      const known = this.elements.get(key);
      const shape = known ?? this.create(item);
      if (!known) made.push(shape);
      if (!known || !fresh) this.update(shape, item);
      kept.set(key, shape);
      this.elements.delete(key);
    }
    for (const shape of this.elements.values()) shape.remove();
    this.parent.append(...made);
    this.elements = kept;
  }

  find(key: string): Shape | undefined {
    return this.elements.get(key);
  }
}
