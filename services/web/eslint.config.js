import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'src/engine/api.gen.ts'] },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, reactHooks.configs.flat.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers read well in templates; anything else has to say how it reads.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A dictionary's entry is deleted by its name.
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  // A fake answers at once where the real thing takes its time.
  { files: ['**/*.test.{ts,tsx}'], rules: { '@typescript-eslint/require-await': 'off' } },
  // Playwright's fixtures call a function `use` that is no hook.
  { files: ['e2e/**'], rules: { 'react-hooks/rules-of-hooks': 'off' } },
);
