// What the board uses of the vendored Preact + htm.
export function html(strings: TemplateStringsArray, ...values: unknown[]): any;
export function render(tree: any, parent: HTMLElement): void;
export function useState<T>(initial: T | (() => T)): [T, (next: T | ((previous: T) => T)) => void];
export function useEffect(effect: () => void | (() => void), inputs?: unknown[]): void;
export function useMemo<T>(make: () => T, inputs: unknown[]): T;
export function useCallback<T>(callback: T, inputs: unknown[]): T;
export function useRef<T>(initial: T): { current: T };
