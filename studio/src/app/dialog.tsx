/** A sheet over the page: focus stays in it, Escape and a click beside it close it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { IconButton } from "./icons";
import { overlay } from "./state";

interface DialogProps {
  readonly title: string;
  readonly kind?: "middle" | "left" | "right";
  readonly children: ComponentChildren;
}

export function Dialog({ title, kind = "middle", children }: DialogProps) {
  const sheet = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    sheet.current!.showModal();
    return () => before?.focus?.();
  }, []);
  const close = () => (overlay.value = null);
  return (
    <dialog
      class={`sheet ${kind}`} ref={sheet} aria-label={title} onClose={close}
      onClick={(event) => event.target === sheet.current && close()}
    >
      <div class="sheet-page">
        <header class="row">
          <h2>{title}</h2>
          <IconButton icon="close" label="Close" hint="Close  (Esc)" onClick={close} />
        </header>
        {children}
      </div>
    </dialog>
  );
}
