function workMail() {
    var accounts = Person.Accounts || {};
    var directory = accounts.MicrosoftActiveDirectory || {};
    var cloud = accounts.MicrosoftAzureAD || {};
    var business = (Person.Contact && Person.Contact.Business) || {};
    return directory.mail || cloud.mail || business.Email || '';
}
workMail();
