import type { Visitor } from './visitor.ts';

/** `data-presence="on"`: present while the page can be seen; the window that was used last gets the signals. */
export function behaveByDefault(visitor: Visitor): void {
  let blurred = false;
  visitor.onblur = () => {
    blurred = true;
  };
  const present = () => {
    blurred = false;
    visitor.presence();
  };
  window.addEventListener('focus', present);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') visitor.hide();
    else if (!blurred) present();
  });
  present();
}
