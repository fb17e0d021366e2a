import { useEffect } from 'react';
import { speak } from '../../i18n/index.ts';
import { useStore } from '../store.ts';

const COLOURS = { light: '#ffffff', dark: '#17191f' };

/** Theme, text size, motion and language of the whole page. */
export function useAppearance(): void {
  const { theme, textSize, reduceMotion, language } = useStore((s) => s.settings);
  useEffect(() => {
    const root = document.documentElement;
    if (theme === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = theme;
    for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]'))
      meta.content = theme === 'system' ? (meta.media.includes('dark') ? COLOURS.dark : COLOURS.light) : COLOURS[theme];
  }, [theme]);
  useEffect(() => {
    document.documentElement.style.setProperty('--text', `${textSize}px`);
  }, [textSize]);
  useEffect(() => {
    document.documentElement.toggleAttribute('data-still', reduceMotion);
  }, [reduceMotion]);
  useEffect(() => {
    speak(language).catch(() => undefined);
  }, [language]);
}

/** WebKit does not shrink the page for the keyboard; the visible part's height is told to the styles there. */
export function useVisibleHeight(): void {
  useEffect(() => {
    const view = window.visualViewport;
    if (!view || !/AppleWebKit/.test(navigator.userAgent) || /Chrom/.test(navigator.userAgent)) return;
    const follow = () => {
      document.documentElement.style.setProperty('--visible', `${view.height}px`);
      window.scrollTo(0, 0);
    };
    follow();
    view.addEventListener('resize', follow);
    return () => view.removeEventListener('resize', follow);
  }, []);
}
