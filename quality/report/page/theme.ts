import { byId } from './elements.js';

/**
 * Keeps the page in the system's theme until the button says otherwise; prints in light, with all tables unfolded.
 * @param redraw - called after every change.
 */
export function followTheme(redraw: () => void): void {
  const button = byId<HTMLButtonElement>('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen: boolean | undefined;
  const apply = (dark: boolean): void => {
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
    button.setAttribute('aria-pressed', String(dark));
    redraw();
  };
  const isDark = (): boolean => chosen ?? system.matches;
  button.addEventListener('click', () => {
    chosen = !isDark();
    apply(chosen);
  });
  system.addEventListener('change', () => apply(isDark()));

  let folded: HTMLDetailsElement[] = [];
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open])')];
    for (const details of folded) details.open = true;
    apply(false);
  });
  addEventListener('afterprint', () => {
    for (const details of folded) details.open = false;
    apply(isDark());
  });
  apply(isDark());
}
