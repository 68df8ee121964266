import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { boundariesConfig } from './scripts/lint/boundaries.js';
import { coreConfig } from './scripts/lint/core.js';
import { styleConfigs } from './scripts/lint/style.js';

export default defineConfig(
  {
    ignores: [
      '.cache/',
      '**/dist/',
      '**/build/',
      '**/node_modules/',
      '**/fixtures/',
      'snapshots/',
      'coverage/',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: 'tsconfig.check.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // kinds are plain records of functions, none of which has a this
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
    },
  },
  {
    // a test may look into values whose type it establishes itself
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // what the native packages declare; their sources are C++ and plain JavaScript
    files: ['native/**/*.ts'],
    extends: [tseslint.configs.disableTypeChecked],
  },
  boundariesConfig,
  coreConfig,
  styleConfigs,
);
