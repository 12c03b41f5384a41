module.exports = { require: ["tsx/cjs"], timeout: 20_000, forbidOnly: true, failZero: true };
