module.exports = { require: ["tsx/cjs"], forbidOnly: true, failZero: true };
