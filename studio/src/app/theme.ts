/** Light and dark: as the system has it, until one is chosen. */
import { effect, signal } from "@preact/signals";

const STORED = "canzona-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = localStorage.getItem(STORED);

export const isDark = signal(chosen ? chosen === "dark" : system.matches);
system.addEventListener("change", () => {
  if (!localStorage.getItem(STORED)) isDark.value = system.matches;
});
effect(() => void (document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light"));

export function toggleTheme(): void {
  isDark.value = !isDark.value;
  localStorage.setItem(STORED, isDark.value ? "dark" : "light");
}
